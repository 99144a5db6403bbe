/* hooks install, remove: the folder of hooks that git looks at. */
#include "cmd/hooks.h"

#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/hooks_place.h"
#include "hook/folder.h"
#include "hook/hook.h"
#include "hook/place.h"

/* A line for a person, unless --quiet. */
static void say(const struct hooks_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct hooks_call *call, const char *fmt, ...)
{
	struct buffer text = BUFFER_INIT, safe = BUFFER_INIT;
	va_list ap;
	if (call->options->quiet)
		return;
	va_start(ap, fmt);
	buffer_vaddf(&text, fmt, ap);
	va_end(ap);
	text_for_terminal(&safe, text.data, text.len, false);
	buffer_addch(&safe, '\n');
	print_buffer(&safe);
	buffer_release(&text);
	buffer_release(&safe);
}

static void say_done(const struct hooks_site *site, const char *hook, const struct hook_done *done)
{
	static const char *const words[][2] = {
		[HOOK_ADDED] = { "installed", "would be installed" },
		[HOOK_CHAINED] = { "installed", "would be installed" },
		[HOOK_UPDATED] = { "updated", "would be updated" },
		[HOOK_REMOVED] = { "removed", "would be removed" },
		[HOOK_RESTORED] = { "removed", "would be removed" },
	};
	const struct hooks_call *call = site->call;
	const char *word = words[done->change][call->options->dry_run];
	struct buffer rest = BUFFER_INIT;
	if (done->change == HOOK_CHAINED)
		buffer_addf(&rest, "; the hook that was there runs first");
	if (done->change == HOOK_RESTORED)
		buffer_addf(&rest, "; the earlier hook is back");
	say(call, "%-14s %s%s", hook, word, rest.data);
	if (done->kept && done->change != HOOK_NOT_OURS)
		say_warning("an earlier %s is not run any more since another one took its place: it is kept as '%s'", hook,
			    done->kept);
	buffer_release(&rest);
}

static void say_unchanged(const struct hooks_site *site, const char *hook, bool installing, const struct hook_done *done)
{
	struct hook_seen seen;
	if (done->change == HOOK_NOT_OURS && done->kept)
		say_warning("%s is not ours any more and stays; the hook that was there before ours is at '%s'", hook, done->kept);
	if (!installing || done->change == HOOK_NOT_OURS)
		return;
	hook_folder_look(&site->folder, hook, &seen);
	if (seen.moved_to)
		say(site->call, "%-14s is there already: the hook in its place calls it as %s", hook, seen.moved_to);
	else
		say(site->call, "%-14s is there already", hook);
	hook_seen_release(&seen);
}

typedef struct error *change_function(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out);

static struct error *change_all(struct hooks_site *site, change_function *change, bool installing, size_t *changed)
{
	struct error *err = NULL;
	for (size_t i = 0; !err && site->hooks[i]; i++) {
		struct hook_done done;
		err = change(&site->folder, site->hooks[i], site->call->options->dry_run, &done);
		if (err)
			return error_context(err, "%s", site->hooks[i]);
		if (done.change == HOOK_UNCHANGED || done.change == HOOK_NOT_OURS) {
			say_unchanged(site, site->hooks[i], installing, &done);
		} else {
			say_done(site, site->hooks[i], &done);
			++*changed;
		}
		free(done.kept);
	}
	return err;
}

struct error *hooks_install(struct hooks_call *call)
{
	struct hooks_site site;
	size_t changed = 0;
	struct error *err = hooks_site_open(&site, call);
	if (!err)
		err = hooks_site_check(&site);
	if (!err)
		err = change_all(&site, hook_folder_install, true, &changed);
	if (!err && changed && !call->options->dry_run && !call->options->quiet)
		say_hint(call->ctx, "SCRUTINY=0 before a command skips them; `git scrutiny hooks remove` takes them out");
	hooks_site_release(&site);
	return err;
}

struct error *hooks_remove(struct hooks_call *call)
{
	struct hooks_site site;
	size_t changed = 0;
	struct error *err = hooks_site_open(&site, call);
	if (!err)
		err = change_all(&site, hook_folder_remove, false, &changed);
	if (!err && !changed)
		say(call, "there are no hooks of ours in %s", site.folder.path);
	hooks_site_release(&site);
	return err;
}
