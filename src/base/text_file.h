/* A text that is a file of ours, compiled in by tools/make-texts. */
#ifndef BASE_TEXT_FILE_H
#define BASE_TEXT_FILE_H

#include <stddef.h>

struct text_file {
	const char *name;  /* below its folder, less ".txt" */
	const char *text;
};

#endif
