#include "review/prompt_words.h"

#include <stdlib.h>
#include <string.h>

const char *prompt_words(const char *name)
{
	for (const struct prompt_file *f = prompt_files; f->name; f++)
		if (!strcmp(f->name, name))
			return f->words;
	abort(); /* a name that the program itself made up */
}
