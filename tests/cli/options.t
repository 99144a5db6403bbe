#!/bin/sh
# The command line: help anywhere, git's ways of writing options, and clear refusals.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
plan 28

# No repository here, and none above.
GIT_CEILING_DIRECTORIES=$world
export GIT_CEILING_DIRECTORIES

for program in scrutiny papermeta deploy; do
	run git $program -h
	is "$status" 0 "git $program -h succeeds outside a repository"
	like "$out" "^usage: git $program" "and prints the usage on standard output"
	is "$err" "" "and nothing on standard error"
done

run git-scrutiny --help
is "$status" 0 '--help is the same when git does not take it away'
like "$out" '^usage: git scrutiny' 'and prints the usage'

run git scrutiny status -h
is "$status" 0 'a command has help'
like "$out" '^usage: git scrutiny status' 'of its own'

run git scrutiny plan some-paper --all -h
is "$status" 0 'help may stand behind other arguments'

run git scrutiny --no-such-option
is "$status" 129 'an unknown option is a usage error'
is "$out" "" 'that prints nothing on standard output'
like "$err" "^error: unknown option \`--no-such-option'" 'and names the option'

run git scrutiny plan --sicne=main
is "$status" 129 'so is a misspelt one'
like "$err" "^hint: did you mean \`--since'\\?" 'whose meaning is guessed'

run git scrutiny plan --s=main
is "$status" 129 'an ambiguous abbreviation is a usage error'
like "$err" 'could be --since, --staged or' 'that names the candidates'

run git scrutiny explain --li
is "$status" 0 'a unique abbreviation is accepted'

run git scrutiny explain --format=x
is "$status" 129 'an option of another command is unknown'

run git scrutiny plan --since
is "$status" 129 'a missing value is a usage error'
like "$err" "option \`--since' requires a value" 'that says so'

run git scrutiny explain -- --list
is "$status" 129 'what follows -- is no option'
like "$err" "no rule is called '--list'" 'but an argument'

run git deploy no-such-command
is "$status" 129 'an unknown command is a usage error'
