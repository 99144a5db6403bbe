/* What AWS wants to know that other providers do not: region and signing keys. */
#ifndef MODEL_BEDROCK_H
#define MODEL_BEDROCK_H

#include "model/model.h"

/* The address of Bedrock's runtime, malloc'd: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL or the
 * profile's, else that of the region. ERROR_USAGE when there is no region. */
struct error *bedrock_endpoint(char **out, const struct model_settings *settings);
/* Sets the region of M, and without a key the credentials to sign with: scrutiny.<provider>.region and
 * .profile, then what net/aws.h finds. May ask the services that hand out credentials. */
struct error *bedrock_complete(struct model *m, const struct model_settings *settings);

#endif
