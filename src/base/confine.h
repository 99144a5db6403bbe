/*
 * Parsing what may be hostile in a process of its own, which can do nothing but read what it was given and
 * answer: it opens no file and starts no program, where the kernel has Landlock, and memory and time are
 * limited everywhere.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include <stddef.h>

#include "base/process.h"

struct confine_limits {
	size_t memory;    /* bytes of address space; 0: no limit */
	unsigned seconds; /* of processor time */
};

/* Forks a child that runs FN with the descriptor of a pipe to write its answer to, and ends; *P reads it, and
 * is to be given to process_finish. PREPARE (or NULL) runs in the child before the doors are shut.
 * Descriptors that are open stay open in it. Neither may use locks that other threads may hold. */
struct error *confine_start(struct process *p, void (*prepare)(void *data), void (*fn)(int out, void *data),
			    void *data, const struct confine_limits *limits);

#endif
