/* Comparing the configuration of an image with what a commit gives it: not in every byte (others write
 * other labels and histories), but in all that decides what runs. */
#ifndef IMAGE_VERIFY_CONFIG_H
#define IMAGE_VERIFY_CONFIG_H

#include "image/verify.h"

/* Both as of config_parse. Adds a difference for each member that is another. */
void verify_config(struct verify_result *out, const cJSON *found, const cJSON *expected);

#endif
