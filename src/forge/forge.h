/*
 * A forge: where a remote's repository is hosted, and the calls to it. GitHub (github.com and Enterprise
 * Server),
 * Gitea and Forgejo, GitLab. One vocabulary over the three; what one of them lacks is told, not imitated.
 *
 * Everything is asked for by compare-and-update: what is there already and as it should be costs one read and
 * no
 * write, so that a second run changes nothing.
 */
#ifndef FORGE_FORGE_H
#define FORGE_FORGE_H

#include "git/repo.h"
#include "net/http.h"

enum forge_kind { FORGE_GITHUB, FORGE_GITEA, FORGE_GITLAB };

/* Ceilings of what is sent; longer text is cut at a line, and says so. */
#define FORGE_MAX_BODY ((size_t)60000)      /* GitHub takes 65,536 characters */
#define FORGE_MAX_TITLE ((size_t)240)
#define FORGE_MAX_DESCRIPTION ((size_t)140) /* of a commit status */
/* Pages that are read in search of something of ours. */
#define FORGE_MAX_PAGES 20
/* Times a call is tried again (429, 5xx, secondary limits, network), and the longest a server may make us
 * wait. */
#define FORGE_MAX_TRIES 4
#define FORGE_MAX_WAIT_MS (60 * 1000L)

struct forge_settings {
	struct http_settings http;
	const char *(*env)(void *data, const char *name); /* NULL or the value: tokens, GITHUB_API_URL */
	void *env_data;
	volatile const int *stop;                         /* a signal handler's flag; may be NULL */
	unsigned retry_ms;                                /* the first pause before another try; 0: 500 */
	/* A line for people: we wait, and why. May be NULL. */
	void (*on_wait)(void *data, const char *line);
	void *data;
};

struct forge; /* opaque */

/*
 * The forge behind REMOTE (a name or an address; NULL: the branch's, else origin), found from its push
 * address:
 *   git config scrutiny.forge.<host>.type   github, gitea, forgejo or gitlab
 *   git config scrutiny.forge.<host>.api    the API's address, when it is not where that type has it
 * else github.com, gitlab.com, codeberg.org, gitea.com, GITHUB_SERVER_URL's and CI_SERVER_URL's hosts are
 * known. No server is asked.
 * ERROR_NOT_FOUND (with the setting to make, as hint) when the host is not known.
 *
 * The token: from the environment (GITHUB_TOKEN, GH_TOKEN; GITEA_TOKEN, FORGEJO_TOKEN; GITLAB_TOKEN,
 * CI_JOB_TOKEN), which is sent to the
 * host it is for and to no other (of GITHUB_TOKEN: github.com, or the host of GITHUB_SERVER_URL; of the
 * others the known hosts of
 * that type, and one that scrutiny.forge.<host>.type names; of GitHub's own servers elsewhere GH_ENTERPRISE_TOKEN),
 * else from `git credential` for that host, who is asked at the first call. Never
 * over
 * plain http but to loopback. Without any the forge is opened, and calls that need one fail with
 * ERROR_NOT_FOUND and say what to set. REPO has to live as long as the forge.
 *
 * What a server refuses is ERROR_NETWORK, what it does not have, or not for us, ERROR_NOT_FOUND, a limit that would be
 * too long to wait for ERROR_LIMIT, a conflict ERROR_CONFLICT. No message has a secret.
 */
struct error *forge_open(struct forge **out, struct repo *repo, const char *remote,
			 const struct forge_settings *settings);
void forge_free(struct forge *forge);
enum forge_kind forge_kind(const struct forge *forge);
const char *forge_name(const struct forge *forge);       /* "GitHub", "Gitea", "GitLab", for messages */
const char *forge_host(const struct forge *forge);
const char *forge_repository(const struct forge *forge); /* "owner/name", of GitLab "group/sub/name" */
const char *forge_remote(const struct forge *forge);     /* to push to: the remote's name, or its address */

/* Whether pull requests can be opened there, as far as one read tells: there is a token, the server takes it, the
 * repository is no archive, and of GitHub whoever the token belongs to may write. To be asked before costly work. */
struct error *forge_check_access(struct forge *forge);

/* -- pull requests (of GitLab: merge requests) --------------------------------------------------------- */

enum pull_state { PULL_OPEN, PULL_CLOSED, PULL_MERGED };

struct pull {
	int64_t number;
	enum pull_state state;
	char *url;                /* for people */
	char *head_commit;        /* object id, as the forge has it */
	char *base;               /* branch */
	char *title, *body;
	bool draft;
};
void pull_release(struct pull *pull);

struct pull_wish {
	const char *branch, *base;     /* both in the forge's repository */
	const char *title, *body;      /* body: Markdown */
	const char *const *labels;     /* NULL-terminated; are created when missing, where the token may */
	const char *const *reviewers;  /* NULL-terminated user names, "team:<name>" of GitHub */
	bool draft;
};

enum pull_outcome { PULL_OPENED, PULL_UPDATED, PULL_UNCHANGED };

/* The newest pull request from BRANCH to BASE (NULL: any base); *FOUND is false when there never was one. */
struct error *forge_pull_find(struct forge *forge, const char *branch, const char *base, struct pull *out,
			      bool *found);
struct error *forge_pull_get(struct forge *forge, int64_t number, struct pull *out);
/*
 * Opens the pull request, or brings the one that is open up to date (title, body, labels and reviewers that
 * are missing; draft is never changed afterwards: people mark it ready). One that was closed or merged is
 * left alone and a new one opened. Two at the same time end with one: who gets "already exists" updates that
 * one. Labels and reviewers that cannot be set are no failure: a line each in WARNINGS.
 */
struct error *forge_pull_ensure(struct forge *forge, const struct pull_wish *wish, struct pull *out,
				enum pull_outcome *outcome, struct buffer *warnings);

/* -- what is said about commits and pull requests ------------------------------------------------------ */

enum status_state { STATUS_PENDING, STATUS_SUCCESS, STATUS_FAILURE, STATUS_ERROR };
/* The status CONTEXT ("scrutiny") of COMMIT; URL may be NULL. Not set again when it is so already. */
struct error *forge_set_status(struct forge *forge, const char *commit, const char *context,
			       enum status_state state, const char *description, const char *url);

struct annotation {
	const char *path;      /* from the top of the repository */
	size_t line, end_line; /* from 1; in the file as it is at the commit */
	const char *level;     /* "error", "warning" or "note" */
	const char *title;     /* plain text */
	const char *message;   /* Markdown for comments, shown as plain text in check runs */
	const char *id;        /* tells it from others and from its own later form: printable ASCII */
};

/* A check run NAME of COMMIT with annotations, 50 a request. GitHub only, and only with a token of an app or
 * of Actions: else ERROR_UNSUPPORTED says so, and a status is what to use instead. */
struct error *forge_set_check(struct forge *forge, const char *commit, const char *name, enum status_state state,
			      const char *title, const char *summary, const struct annotation *annotations, size_t nr);

/* The one comment on pull request NUMBER that carries MARKER (an HTML comment that BODY begins with) becomes
 * BODY; it is written when there is none, and left when it is so already. Only a comment of our own author is
 * touched: the marker can be copied. */
enum comment_outcome { COMMENT_WRITTEN, COMMENT_UPDATED, COMMENT_UNCHANGED };
struct error *forge_set_comment(struct forge *forge, int64_t number, const char *marker, const char *body,
				enum comment_outcome *outcome);

/* Inline comments of one review that does neither approve nor block. Lines must be lines of the pull
 * request's diff at COMMIT (see git/diff_lines.h). Those whose id an earlier comment of ours carries are not
 * said again. *POSTED counts what was: a line that is not in the diff is left out. GitLab, which has no
 * reviews, gets a discussion for each, and not BODY. */
struct error *forge_add_review(struct forge *forge, int64_t number, const char *commit, const char *body,
			       const struct annotation *annotations, size_t nr, size_t *posted);

#endif
