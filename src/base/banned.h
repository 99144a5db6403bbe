/*
 * Functions that the library does without; the Makefile puts this in front of every source of
 * src/. Where one is right after all, that file says #undef, and why.
 *
 * Strings: struct buffer, xstrfmt(). Time: the _r forms. Programs: base/process.h, never a shell.
 * Environment: main and src/cmd/ read it and pass on what they found.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) name##_is_banned_see_base_banned_h

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef sprintf
#undef vsprintf
#undef gets
#define strcpy(...) BANNED(strcpy)
#define strcat(...) BANNED(strcat)
#define strncpy(...) BANNED(strncpy)
#define strncat(...) BANNED(strncat)
#define strtok(...) BANNED(strtok)
#define sprintf(...) BANNED(sprintf)
#define vsprintf(...) BANNED(vsprintf)
#define gets(...) BANNED(gets)

#undef localtime
#undef gmtime
#undef ctime
#undef asctime
#define localtime(...) BANNED(localtime)
#define gmtime(...) BANNED(gmtime)
#define ctime(...) BANNED(ctime)
#define asctime(...) BANNED(asctime)

#undef system
#undef popen
#define system(...) BANNED(system)
#define popen(...) BANNED(popen)

#ifndef MAY_READ_ENVIRONMENT
#undef getenv
#undef secure_getenv
#define getenv(...) BANNED(getenv)
#define secure_getenv(...) BANNED(secure_getenv)
#endif

#endif
