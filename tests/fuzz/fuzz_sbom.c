/* A layer: what packages it lists are sorted, each once, and go round through the list that is kept. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/sbom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_goes_round(const struct sbom_package *packages, size_t nr)
{
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	struct sbom_package *again;
	size_t nr_again;
	sbom_packages_write(&first, packages, nr);
	require(sbom_packages_read(&again, &nr_again, slice_of(&first)) == NULL);
	sbom_packages_write(&second, again, nr_again);
	require(first.len == second.len && !memcmp(first.data, second.data, first.len));
	sbom_packages_free(again, nr_again);
	buffer_release(&first);
	buffer_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbom_package *packages;
	char path[64];
	size_t nr;
	int fd = memfd_create("layer", 0);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct error *err = sbom_read_layer(path, &packages, &nr);
	require(!err || !packages);
	check_goes_round(packages, nr);
	error_free(err);
	sbom_packages_free(packages, nr);
	close(fd);
	return 0;
}
