/* serve: a receiver of webhooks, for those who run their own. */
#include "cmd/serve_config.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/own_program.h"
#include "daemon/unit_text.h"

#define LISTEN "127.0.0.1:8471"
#define MAX_BODY ((int64_t)5 << 20)
/* What GitHub sends at most. */
#define MOST_BODY ((int64_t)25 << 20)
#define GRACE_S 60
#define MAX_GRACE_S 3600
/* Where systemd puts sockets that it has opened. */
#define FIRST_SOCKET 3

struct serve_options {
	bool webhook, print_unit;
	const char *listen, *config;
	int64_t max_body;
	double grace;
};

/* -- what systemd wants to know ----------------------------------------------------------------------- */

/* sd_notify(3), without the library. */
static void notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = context_env("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	if (!len || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	/* Nobody who listens is no failure of ours. */
	ssize_t ignored = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
	(void)ignored;
	close(fd);
}

static bool is_activated(void)
{
	const char *pid = context_env("LISTEN_PID"), *nr = context_env("LISTEN_FDS");
	return pid && nr && strtol(pid, NULL, 10) == (long)getpid() && strtol(nr, NULL, 10) >= 1;
}

static void add_paths(struct buffer *out, const struct serve_config *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		const struct repo *repo = c->repositories[i].job.repo;
		buffer_addstr(out, "ReadWritePaths=");
		unit_add_word(out, repo_common_dir(repo));
		/* That of a work tree may be elsewhere. */
		buffer_addch(out, ' ');
		unit_add_word(out, repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo));
		buffer_addch(out, '\n');
	}
}

static void print_unit(const struct serve_options *o, const struct serve_config *c, const char *program)
{
	struct buffer out = BUFFER_INIT;
	const char *config = o->config && o->config[0] == '/' ? o->config : NULL;
	buffer_addstr(&out,
		      "# systemd unit for `git scrutiny serve --webhook`; put it into ~/.config/systemd/user/ or\n"
		      "# /etc/systemd/system/ (then with User=) as git-scrutiny-webhook.service.\n"
		      "[Unit]\n"
		      "Description=Receiver of webhooks for git scrutiny\n"
		      "After=network-online.target\n"
		      "Wants=network-online.target\n\n"
		      "[Service]\n"
		      "Type=notify\n"
		      "ExecStart=");
	unit_add_argument(&out, program);
	buffer_addstr(&out, " serve --webhook --listen ");
	unit_add_argument(&out, o->listen);
	if (config) {
		buffer_addstr(&out, " --config ");
		unit_add_argument(&out, config);
	}
	buffer_addf(&out, "\nRestart=on-failure\nTimeoutStopSec=%.0f\nKillMode=mixed\nNice=10\nIOSchedulingClass=idle\n",
		    o->grace + 10);
	buffer_addstr(&out,
		      "NoNewPrivileges=yes\n"
		      "ProtectSystem=strict\n"
		      "PrivateTmp=yes\n"
		      "PrivateDevices=yes\n"
		      "ProtectKernelTunables=yes\n"
		      "ProtectKernelModules=yes\n"
		      "ProtectControlGroups=yes\n"
		      "ProtectClock=yes\n"
		      "RestrictSUIDSGID=yes\n"
		      "RestrictRealtime=yes\n"
		      "RestrictNamespaces=yes\n"
		      "LockPersonality=yes\n"
		      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n"
		      "SystemCallArchitectures=native\n"
		      "CapabilityBoundingSet=\n"
		      "UMask=0077\n"
		      "MemoryMax=2G\n"
		      "TasksMax=256\n");
	add_paths(&out, c);
	buffer_addstr(&out, "\n[Install]\nWantedBy=default.target\n");
	print_buffer(&out);
	buffer_release(&out);
}

/* -- serving ---------------------------------------------------------------------------------------- */

static void say(void *data, bool warning, const char *name, const char *text)
{
	(void)data;
	fprintf(stderr, "%s%s: %s\n", warning ? "warning: " : "", name, text);
}

static struct error *serve(struct context *ctx, const struct serve_options *o, const struct serve_config *c)
{
	struct http_server *server = NULL;
	struct http_server_settings http = { .max_body = (size_t)o->max_body };
	struct webhook_settings settings = {
		.repositories = c->repositories,
		.nr = c->nr,
		.grace_ms = (uint64_t)(o->grace * 1000),
		.say = say,
	};
	context_catch_signals(ctx);
	settings.stop = ctx->stop;
	struct webhook *webhook = webhook_new(&settings);
	webhook_handle(webhook, &http);
	struct error *err = NULL;
	if (is_activated())
		server = http_server_on(FIRST_SOCKET, &http);
	else
		err = http_server_new(&server, o->listen, &http);
	if (!err) {
		char *address = http_server_address(server);
		fprintf(stderr, "listening on http://%s for %zu repositor%s\n", address, c->nr, c->nr == 1 ? "y" : "ies");
		free(address);
		notify("READY=1");
		err = webhook_run(webhook, server);
		notify("STOPPING=1");
	}
	http_server_free(server);
	webhook_free(webhook);
	return err;
}

/* The repositories are those that are configured, not the one whose hook may have started us. */
static void forget_repository(void)
{
	static const char *const names[] = { "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
					     "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE",
					     "GIT_PREFIX" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
}

static struct error *check_options(const struct serve_options *o, int argc)
{
	if (argc)
		return error_new(ERROR_USAGE, "serve takes no arguments");
	if (!o->webhook)
		return error_new(ERROR_USAGE, "what is to be served? `git scrutiny serve --webhook`");
	if (o->max_body < 1024 || o->max_body > MOST_BODY)
		return error_new(ERROR_USAGE, "--max-body must be between 1k and 25m");
	if (!(o->grace >= 0 && o->grace <= MAX_GRACE_S))
		return error_new(ERROR_USAGE, "--grace must be between 0 and %d seconds", MAX_GRACE_S);
	return NULL;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct serve_options *o = options;
	struct serve_config config;
	(void)argv, (void)exit_status;
	struct error *err = check_options(o, argc);
	if (err)
		return err;
	forget_repository();
	char *program = own_program();
	err = serve_config_read(&config, o->config, program, o->print_unit);
	if (!err && o->print_unit)
		print_unit(o, &config, program);
	else if (!err)
		err = serve(ctx, o, &config);
	serve_config_release(&config);
	free(program);
	return err;
}

static const struct option options[] = {
	{ OPTION_BOOL, 0, "webhook", offsetof(struct serve_options, webhook), NULL, "receive webhooks" },
	{ OPTION_STRING, 0, "listen", offsetof(struct serve_options, listen), "<address>",
	  "where: <IP>:<port>, or a port of 127.0.0.1 (default 127.0.0.1:8471)",
	  "Where to listen: <IPv4>:<port>, [<IPv6>]:<port>, or a port of 127.0.0.1; default 127.0.0.1:8471. TLS is the "
	  "business of a reverse proxy in front. A socket that systemd hands over (LISTEN_FDS) is used instead." },
	{ OPTION_STRING, 0, "config", offsetof(struct serve_options, config), "<file>",
	  "read the repositories from this file instead of git config", NULL, NULL, "file" },
	{ OPTION_INTEGER, 0, "max-body", offsetof(struct serve_options, max_body), "<bytes>",
	  "refuse larger deliveries (default 5m, at most 25m)" },
	{ OPTION_NUMBER, 0, "grace", offsetof(struct serve_options, grace), "<seconds>",
	  "how long a running review may go on after SIGTERM (default 60)" },
	{ OPTION_BOOL, 0, "print-unit", offsetof(struct serve_options, print_unit), NULL,
	  "print a unit for systemd, and serve nothing" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "--webhook [<options>]", NULL };

static const struct serve_options defaults = { .listen = LISTEN, .max_body = MAX_BODY, .grace = GRACE_S };

static const struct example examples[] = {
	{ "git config --global scrutiny.webhook.lab.path /srv/papers.git", "Which clone; its remote is fetched from." },
	{ "git config --global scrutiny.webhook.lab.secretFile ~/.lab-webhook", "The secret that the forge has, too." },
	{ "git scrutiny serve --webhook", "Take deliveries at http://127.0.0.1:8471/lab." },
	{ "git scrutiny serve --webhook --print-unit", "The same as a service." },
	{ NULL, NULL },
};

const struct command cmd_serve = {
	.name = "serve",
	.summary = "review what is pushed, told by webhooks",
	.usage = usage,
	.description =
		"Receives the webhooks of GitHub, Gitea, Forgejo and GitLab at http://<address>/<name>, and reviews what was "
		"pushed to the clone that is configured under that name. `GET /health` answers 200.\n\n"
		"A delivery counts when it is signed with the secret (GitLab: when it carries it). The secret is in "
		"scrutiny.webhook.<name>.secretFile, a file that nobody else may read; or in the credential "
		"scrutiny-webhook-<name> of systemd; or in SCRUTINY_WEBHOOK_SECRET; or with git's credential helpers, for "
		"the user <name> of https://scrutiny-webhook.invalid. One that was taken already is not taken again.\n\n"
		"A delivery is answered at once. Then the branches of the clone's remote are fetched into "
		"refs/scrutiny/webhook/heads/, and the branch that was pushed is reviewed at the commit that was fetched. There is "
		"one job a repository; what comes meanwhile makes one more. What waits survives a restart. Nothing from a "
		"delivery reaches a command line but numbers and names of branches that were fetched, and no shell is involved.\n\n"
		"Settings of scrutiny.webhook.<name>: path, the clone (absolute); remote (default origin); branches, a pattern; "
		"reviewers, as of `run` (default: models on this machine; `configured`: those of `run`); maxCost, of one run; "
		"pushRecords, to push refs/scrutiny/records afterwards; pr, to propose the reports of the clone's own branch as "
		"`run --pr` does, for which the clone has to be bare; publish, to tell the forge, as `publish` does: a status of "
		"the commit, and a comment on the pull request that its branch has open, of a fork's the comment alone; forks: "
		"ignore (default), or checks, which reviews pull requests from forks with the built-in checks alone. Pull requests "
		"from the repository's own branches are reviewed as those are pushed, and with publish also when they are opened.\n\n"
		"SIGTERM ends it: no more deliveries are taken, and a review that runs may end within --grace seconds; else it "
		"begins again at the next start.",
	.options = options,
	.options_size = sizeof(struct serve_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
