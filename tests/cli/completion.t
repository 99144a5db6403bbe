#!/bin/sh
# The completions of the three shells, asked as the shells ask them.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
plan 27

completions=$source_tree/completions
repo sha1
mkdir -p theory/tilings notes
git commit -q --allow-empty -m 'Begin'
git tag v1

# The answers of bash: complete WORD... prints what may stand for the last word, sorted. The words
# are given as bash breaks them, at = too. $1 is a file to read first, or "".
cat >"$world/bash" <<'END'
[ -z "$1" ] || . "$1"
. "$2"
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
COMPREPLY=()
case "$1" in
git) __git_wrap__git_main ;;
*) __git_scrutiny_main ;;
esac
[ ${#COMPREPLY[@]} -eq 0 ] || printf '[%s]\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
END

bash_completes () {
	bash --norc "$world/bash" "$git_completion" "$completions/git-scrutiny.bash" "$@"
}

# bash_checks PROGRAM...: the nine checks that hold for every way to call it.
bash_checks () {
	like "$(bash_completes "$@" st)" '^\[status \] $' "bash: $*: a command"
	like "$(bash_completes "$@" status --por)" '^\[--porcelain \] $' "bash: $*: an option"
	like "$(bash_completes "$@" --si)" '^\[--since=\] $' "bash: $*: of the default command, with a value"
	like "$(bash_completes "$@" show --format = m)" '^\[md \] $' "bash: $*: a choice, stuck"
	like "$(bash_completes "$@" show --format js)" '^\[json \] $' "bash: $*: a choice, separate"
	like "$(bash_completes "$@" --since = v)" '^\[v1 \] $' "bash: $*: a revision"
	like "$(bash_completes "$@" show th)" '^\[theory\] $' "bash: $*: a paper's folder"
	like "$(bash_completes "$@" explain label-dup)" '^\[label-duplicate \] $' "bash: $*: a rule"
	is "$(bash_completes "$@" plan -- --s)" '' "bash: $*: no options behind --"
}

if command -v bash >/dev/null; then
	git_completion=
	bash_checks git-scrutiny
	for git_completion in /usr/share/bash-completion/completions/git \
		"$(git --exec-path)/../../share/git-core/contrib/completion/git-completion.bash" ''; do
		[ ! -r "$git_completion" ] || break
	done
	if [ -n "$git_completion" ]; then
		bash_checks git scrutiny
	else
		skip 9 "git's completion for bash is not here"
	fi
else
	skip 18 'bash is not here'
fi

if command -v zsh >/dev/null; then
	for program in scrutiny papermeta deploy; do
		run zsh -n "$completions/_git-$program"
		is "$status$err" 0 "zsh: the functions of git $program can be read"
	done
else
	skip 3 'zsh is not here'
fi

fish_completes () {
	# shellcheck disable=SC2016 # fish expands them
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
		"$completions/git-scrutiny.fish" "$1" | cut -f 1 | tr '\n' ' '
}

if command -v fish >/dev/null; then
	is "$(fish_completes 'git-scrutiny st')" 'status ' 'fish: a command'
	is "$(fish_completes 'git-scrutiny status --por')" '--porcelain ' 'fish: an option'
	is "$(fish_completes 'git-scrutiny --si')" '--since ' 'fish: of the default command'
	is "$(fish_completes 'git-scrutiny show --format=m')" '--format=md ' 'fish: a choice'
	is "$(fish_completes 'git-scrutiny plan --since v')" 'v1 ' 'fish: a revision'
	is "$(fish_completes 'git-scrutiny show th')" 'theory/ ' "fish: a paper's folder"
else
	skip 6 'fish is not here'
fi
