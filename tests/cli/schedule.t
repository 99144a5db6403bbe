#!/bin/sh
# git scrutiny schedule: audits by systemd or cron, in repositories with awkward names.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 52

# Programs of the system, played: what they were told is in $world/told, the crontab in $world/crontab.
mkdir "$world/bin" "$world/cron-bin"
cat >"$world/bin/systemctl" <<END
#!/bin/sh
echo "\$*" >>"$world/told"
[ "\$1" = --version ] && exit
[ ! -e "$world/no-manager" ] || exit 1
case \$* in
*NextElapse*) echo 'Sun 2026-11-29 00:00:00 UTC' ;;
esac
END
cat >"$world/bin/crontab" <<END
#!/bin/sh
case \$1 in
-l) cat "$world/crontab" 2>/dev/null || { echo "no crontab for tester" >&2; exit 1; } ;;
-r) rm "$world/crontab" ;;
-) cat >"$world/crontab" ;;
esac
END
chmod +x "$world/bin/systemctl" "$world/bin/crontab"
PATH=$world/bin:$PATH
units=$HOME/.config/systemd/user

folder='my papers, 100% "of $HOME" \ and it'"'"'s'
repo sha1 "$folder"
paper theory/one
broken_paper theory/two
commit papers
top=$PWD

run git scrutiny schedule
is "$status" 129 'what to do has to be said'
run git scrutiny schedule status
like "$out" ': not scheduled$' 'nothing is scheduled at first'
run git scrutiny schedule install
is "$status" 0 'a schedule is installed'
like "$out" ': weekly, by systemd \(git-scrutiny-my_papers__100' 'once a week, by systemd'
like "$err" 'enable-linger' 'and is told what makes it run always'
timer=$(ls "$units"/*.timer)
service=$(ls "$units"/*.service)
like "$(cat "$timer")" '^OnCalendar=weekly$' 'the timer says so'
like "$(cat "$timer")" '^Persistent=true$' 'and catches up'
like "$(cat "$world/told")" '^--user enable --now git-scrutiny-.*\.timer$' 'it is enabled'
if command -v systemd-analyze >/dev/null 2>&1; then
	run systemd-analyze verify --man=no "$service" "$timer"
	is "$out$err" '' 'systemd reads the units without a complaint'
else
	skip 1 'systemd-analyze is not there'
fi
like "$(cat "$service")" '^Nice=19$' 'the audit has the lowest priority'
# What systemd makes of the line: quotes and escapes go, %% and $$ are one.
argument=$(sed -n 's/^ExecStart=.* "--" "\(.*\)"$/\1/p' "$service" | sed 's/\\\(.\)/\1/g; s/%%/%/g; s/\$\$/$/g')
is "$argument" "$top" 'and is of this repository'
run git scrutiny schedule status
like "$out" '^next  Sun 2026-11-29 00:00:00 UTC$' 'status says when the next one is'
like "$out" '^last  never$' 'and that there was none'

run git scrutiny schedule run "$top"
is "$status" 0 'an audit is no failure for what it finds'
like "$out" '^theory/two .*1 error' 'which it prints'
ok "$([ ! -e theory/two/scrutiny.md ]; echo $?)" 'it writes nothing into the work tree'
like "$(cat .git/scrutiny/schedule/log)" '^theory/two .*1 error' 'but into the log'
run git scrutiny schedule status
like "$out" '^last  .* 20[0-9-]* .*: done \(exit status 0\)' 'status says how it ended'
run git scrutiny schedule run --write .
ok "$([ -e theory/two/scrutiny.md ]; echo $?)" 'unless it is told to'

# Whom it asks.
run git scrutiny schedule install --reviewers=openai/gpt-6-luna
is "$status" 129 'models that cost money need a limit'
run git scrutiny schedule install --daily --max-cost=0.50
like "$(cat "$service")" '"--max-cost=0.50"' 'which the timer hands on'
like "$(cat "$timer")" '^OnCalendar=daily$' 'to install again replaces the schedule'
is "$(find "$units" -name '*.timer' | wc -l)" 1 'and does not make a second one'
run git scrutiny schedule install --daily --weekly
is "$status" 129 'it cannot be daily and weekly'
if command -v systemd-analyze >/dev/null 2>&1; then
	run git scrutiny schedule install --on-calendar='Mon 25:00'
	is "$status" 129 'a time has to be one'
	run git scrutiny schedule install --on-calendar='Mon 04:00'
	like "$(cat "$timer")" '^OnCalendar=Mon 04:00$' 'and is taken as it is'
else
	skip 2 'systemd-analyze is not there'
fi

run git scrutiny schedule install --max-cost=cheap
is "$status" 129 'a limit has to be an amount'
like "$err" "max-cost must be an amount in US dollars.*not 'cheap'" 'and it is said now, not by the timer'
run git scrutiny schedule status --pr
is "$status" 129 'an option that an action does not have'
like "$err" 'schedule status takes no --pr' 'is not taken and forgotten'
run git scrutiny schedule install --quiet
is "$status$out$err" 0 'quiet is quiet'

# Where the user's manager does not run.
touch "$world/no-manager"
run git scrutiny schedule install
like "$err" 'the timer starts when you log in next' 'without a manager it is linked'
ok "$([ -L "$units/timers.target.wants/${timer##*/}" ]; echo $?)" 'where the next one finds it'
rm "$world/no-manager"

# A repository that is gone.
mv "$top" "$world/work/elsewhere"
cd "$world" || exit 1
run git scrutiny schedule run "$top"
is "$status" 128 'the audit of a repository that is gone fails'
like "$err" 'is no longer there: it was moved or deleted' 'and says why'
run git scrutiny schedule remove "$top/"
is "$status" 0 'it can be removed by its path, from anywhere'
is "$(find "$units" -type f -o -type l)" '' 'and leaves nothing'
run git scrutiny schedule remove "$top"
is "$status" 128 'what is not scheduled cannot be removed'
mv "$world/work/elsewhere" "$top"
cd "$top" || exit 1

# cron.
printf '# mine\n*/5 * * * *  echo "100\\%%"  \n@daily true' >"$world/crontab"
cp "$world/crontab" "$world/before"
run git scrutiny schedule install --cron
like "$out" ': at 0[2-5]:[0-5][0-9] every Sunday, by cron$' 'cron does it at night'
is "$(head -c "$(wc -c <"$world/before")" "$world/crontab")" "$(cat "$world/before")" 'lines of others stay as they are'
run git scrutiny schedule install --cron --daily
is "$(grep -c 'BEGIN git-scrutiny' "$world/crontab")" 1 'to install again replaces the lines'
# As cron runs it: five fields go, \% is %, and sh gets the rest.
rm -r .git/scrutiny/schedule
sed -n '/BEGIN git-scrutiny/{n;s/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* //;s/\\%/%/g;p}' "$world/crontab" >"$world/command"
run env -i HOME="$HOME" sh "$world/command"
is "$status$out$err" 0 'the line is a command that prints nothing when all is well'
ok "$([ -e .git/scrutiny/schedule/last ]; echo $?)" 'and audits the repository'
run git scrutiny schedule status
like "$out" '^next  at 0[2-5]:[0-5][0-9] every day$' 'status reads the crontab'
run git scrutiny schedule remove
printf '\n' >>"$world/before"
is "$(cat "$world/crontab")" "$(cat "$world/before")" 'and remove gives it back'
run git scrutiny schedule install
run git scrutiny schedule install --cron
is "$(find "$units" -type f -o -type l)" '' 'cron takes the place of systemd'
is "$(grep -c 'BEGIN git-scrutiny' "$world/crontab")" 1 'and is there once'
run git scrutiny schedule install
is "$(grep -c 'BEGIN git-scrutiny' "$world/crontab")" 0 'systemd takes the place of cron'
is "$(find "$units" -name '*.timer' | wc -l)" 1 'and there is one schedule'
mv "$world/bin/systemctl" "$world/bin/systemctl.good"
printf '#!/bin/sh\n' >"$world/bin/systemctl"
chmod +x "$world/bin/systemctl"
run git scrutiny schedule status
like "$out" '^next  not known$' 'a timer that does not run has no next time'
like "$err" 'warning: the timer does not run now' 'and says what starts it'
mv "$world/bin/systemctl.good" "$world/bin/systemctl"
run git scrutiny schedule remove
broken='two
lines'
repo sha1 "$world/work/$broken"
run git scrutiny schedule install --cron
like "$err" 'a crontab cannot hold a path with a line break' 'a path that no crontab can hold is refused'
