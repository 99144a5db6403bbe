#include "review/prompt_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"

const char *prompt_words(const char *name)
{
	for (const struct prompt_file *f = prompt_files; f->name; f++)
		if (!strcmp(f->name, name))
			return f->words;
	abort(); /* a name that the program itself made up */
}

void prompt_version(char out[PROMPT_VERSION_DIGITS + 1], const char *words)
{
	char hex[SHA256_HEX_SIZE + 1];
	sha256_hex(words, strlen(words), hex);
	memcpy(out, hex, PROMPT_VERSION_DIGITS);
	out[PROMPT_VERSION_DIGITS] = '\0';
}
