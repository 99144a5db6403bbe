#include "base/memory.h"
#include "image/build.h"

static void variables_free(struct image_variable *variables, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(variables[i].name);
		free(variables[i].value);
	}
	free(variables);
}

void image_spec_release(struct image_spec *spec)
{
	reference_release(&spec->base);
	platform_release(&spec->platform);
	for (size_t i = 0; i < spec->nr_copies; i++) {
		free(spec->copies[i].from);
		free(spec->copies[i].to);
	}
	free(spec->copies);
	free(spec->context);
	free(spec->workdir);
	free(spec->user);
	strings_free(spec->command, spec->nr_command);
	strings_free(spec->entrypoint, spec->nr_entrypoint);
	variables_free(spec->environment, spec->nr_environment);
	variables_free(spec->labels, spec->nr_labels);
	free(spec->ports);
	free(spec->stop_signal);
	free(spec->healthcheck);
	*spec = (struct image_spec){ 0 };
}
