/* Files: reading with a ceiling, writing so that nothing is ever half-written. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the file's bytes to OUT. ERROR_NOT_FOUND if it is not there; ERROR_LIMIT when it is
 * larger than OUT's ceiling allows (nothing of it is kept); a FIFO or device is refused. */
struct error *file_read(const char *path, struct buffer *out);

/* As file_read for PATH below the directory ROOT ("" or "." is ROOT itself), refusing to pass
 * through any symbolic link that leads out of ROOT; an absolute link counts as leading out. */
struct error *file_read_below(const char *root, const char *path, struct buffer *out);
bool file_exists_below(const char *root, const char *path);

/* Writes DATA to a temporary file beside PATH, syncs and renames: afterwards PATH holds either
 * all of the old bytes or all of the new. Missing parent directories are not made. An existing
 * file's mode is kept, and a symbolic link is followed. What exists and is no file but a pipe or
 * device (/dev/stdout) is written to as it is. */
struct error *file_write(const char *path, const void *data, size_t len);

/* As file_write below ROOT; refuses to write through a symbolic link or to anything
 * but a regular file. */
struct error *file_write_below(const char *root, const char *path, const void *data, size_t len);

/* Makes the directory PATH below ROOT, in one that is there, unless it is there itself; passes no symbolic link. */
struct error *file_make_directory_below(const char *root, const char *path);

/* Whether file_write_below would refuse PATH for what stands there, as its error. */
struct error *file_check_write_below(const char *root, const char *path);

/* mkdir -p, mode 0777 less the umask. */
struct error *file_make_directories(const char *path);

#endif
