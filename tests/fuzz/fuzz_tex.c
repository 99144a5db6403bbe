#include "fuzz_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_document(data, size, "paper.tex", MANUSCRIPT_TEX);
	return 0;
}
