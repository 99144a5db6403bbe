/*
 * Our lines in the files that managers of hooks read: they are added and taken out by splicing, and every other byte
 * stays. All of it is done in memory; who calls reads and writes the files.
 *
 * Each function sets *CHANGED. ERROR_UNSUPPORTED when the file has a form in which no line can be added safely (flow
 * style, anchors, a script that is not sh's): then a person has to.
 */
#ifndef HOOK_SPLICE_H
#define HOOK_SPLICE_H

#include "base/buffer.h"
#include "base/error.h"

#define SPLICE_MAX_SIZE ((size_t)1 << 20)

/* A script for sh. Our lines go behind its first line if that begins with "#!", else to its end; before what is
 * there in pre-push, whose input both get. A text without a shebang is husky's, one that is empty becomes a script. */
enum splice_script { SPLICE_SCRIPT, SPLICE_HUSKY };
struct error *splice_script_add(struct buffer *text, const char *hook, enum splice_script kind, bool *changed);
void splice_script_drop(struct buffer *text, bool *changed);
bool splice_script_has(struct slice text);

/* lefthook.yml and lefthook-local.yml: the command "scrutiny" of HOOK. NAME is the file's. */
struct error *splice_lefthook_add(struct buffer *text, const char *hook, const char *name, bool *changed);
struct error *splice_lefthook_drop(struct buffer *text, const char *hook, const char *name, bool *changed);
bool splice_lefthook_has(struct slice text, const char *hook);

/* .pre-commit-config.yaml: an entry of `repos:` with the hooks scrutiny and scrutiny-push. */
struct error *splice_framework_add(struct buffer *text, const char *name, bool *changed);
struct error *splice_framework_drop(struct buffer *text, const char *name, bool *changed);
bool splice_framework_has(struct slice text);
/* What is added, for a person to copy. */
void splice_framework_entry(struct buffer *out, size_t indent);

#endif
