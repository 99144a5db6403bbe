#include "fuzz_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_document(data, size, "paper.md", MANUSCRIPT_MARKDOWN);
	return 0;
}
