/* This very program, for children of it. */
#ifndef CMD_OWN_PROGRAM_H
#define CMD_OWN_PROGRAM_H

/* The path of git-scrutiny as it runs now; when it was replaced meanwhile, its bare name, to be found through PATH.
 * malloc'd. */
char *own_program(void);

#endif
