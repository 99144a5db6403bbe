/*
 * Builds an image of a commit and says how long it took: what `git deploy build` does after the registry has answered.
 *
 * usage: image [-t <threads>] [-e <manifest of an earlier image>] [-s <file that gets the manifest>] [-p]
 *              <repository> <revision> <folder for layers>
 *
 * -p: image_plan instead of image_build. Prints milliseconds, layers, those used again, and the digest.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "image/build.h"

static void check(struct error *err)
{
	if (!err)
		return;
	fprintf(stderr, "fatal: %s\n", err->message);
	if (err->hint)
		fprintf(stderr, "hint: %s\n", err->hint);
	exit(128);
}

int main(int argc, char **argv)
{
	struct build_settings settings = { 0 };
	struct image_copy copy = { .from = (char *)"", .to = (char *)"app" };
	struct image_spec spec = { .copies = &copy, .nr_copies = 1 };
	struct reference target = { .registry = (char *)"127.0.0.1:1", .repository = (char *)"app" };
	struct manifest earlier;
	const struct manifest *earlier_list[] = { &earlier };
	struct buffer text = BUFFER_INIT;
	const char *save = NULL;
	struct image image;
	struct repo *repo;
	bool plan = false;
	for (int c; (c = getopt(argc, argv, "t:e:s:p")) != -1;) {
		if (c == 't')
			settings.threads = (unsigned)atoi(optarg);
		if (c == 's')
			save = optarg;
		if (c == 'p')
			plan = true;
		if (c == 'e') {
			check(file_read(optarg, &text));
			check(manifest_parse(&earlier, slice_of(&text), optarg));
			settings.earlier = earlier_list;
			settings.nr_earlier = 1;
			settings.target = &target;
		}
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: image [-t <threads>] [-e <manifest>] [-s <manifest>] [-p] "
				"<repository> <revision> <folder>\n");
		return 129;
	}
	check(platform_parse(&spec.platform, PLATFORM_DEFAULT));
	uint64_t opening = clock_us();
	check(repo_open(&repo, argv[optind]));
	check(repo_resolve_commit(repo, argv[optind + 1], &settings.commit));
	settings.repo = repo;
	settings.cache = argv[optind + 2];
	uint64_t start = clock_us();
	check((plan ? image_plan : image_build)(&image, &spec, &settings));
	uint64_t end = clock_us();
	size_t reused = 0;
	int64_t bytes = 0;
	for (size_t i = 0; i < image.nr_layers; i++) {
		reused += image.layers[i].reused;
		bytes += image.layers[i].reused ? 0 : image.layers[i].descriptor.size;
	}
	printf("%.1f ms (and %.1f ms to open) %zu layers %zu reused %lld bytes %s\n", (double)(end - start) / 1e3,
	       (double)(start - opening) / 1e3, image.nr_layers, reused, (long long)bytes, image.digest.text);
	if (save)
		check(file_write(save, image.manifest.data, image.manifest.len));
	image_release(&image);
	platform_release(&spec.platform);
	buffer_release(&text);
	if (settings.nr_earlier)
		manifest_release(&earlier);
	repo_free(repo);
	return 0;
}
