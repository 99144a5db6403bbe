#include "cmd/own_program.h"

#include <limits.h>
#include <unistd.h>

#include "base/memory.h"

char *own_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return xstrdup("git-scrutiny");
	path[n] = '\0';
	return xstrdup(access(path, X_OK) ? "git-scrutiny" : path);
}
