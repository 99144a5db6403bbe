/* All that a deployment uses, as CloudFormation (YAML) or Terraform (HCL): repository, roles, instance profile, security group, instance,
 * alarms, budget. No NAT gateway, no load balancer, no Elastic IP. */
#ifndef DEPLOY_INFRASTRUCTURE_H
#define DEPLOY_INFRASTRUCTURE_H

#include "deploy/boot.h"
#include "deploy/permissions.h"

struct error *infrastructure_cloudformation(struct buffer *out, const struct deploy_config *config,
					    const struct deploy_environment *env, const char *region);
struct error *infrastructure_terraform(struct buffer *out, const struct deploy_config *config,
				       const struct deploy_environment *env, const char *region);

#endif
