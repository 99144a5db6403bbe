# Made by `git deploy infra` of @text:app@, environment @text:environment@: all that its deployment uses.
# No NAT gateway, no load balancer, no Elastic IP, no secret and no key is in it.
@if secrets
#
# The secrets are made by hand, once, so that their values are in no file and no state:
@block:secrets@
@end

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.8"
    }
  }
}

provider "aws" {
  region = @hcl:region@
}

variable "instance_type" {
  type    = string
  default = @hcl:type@
}

variable "disk_gigabytes" {
  type    = number
  default = @text:disk@
}

variable "clients" {
  description = "The addresses that may reach the app."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "budget_mail" {
  description = "Who is told when the budget of the whole account is used up; empty, nobody."
  type        = string
  default     = ""
}

@if github
variable "make_github_provider" {
  description = "An account has one OIDC provider for GitHub; false, if it is there already."
  type        = bool
  default     = true
}

@end
data "aws_partition" "current" {}

data "aws_ssm_parameter" "image" {
  name = @hcl:image_parameter@
}

@if ecr
resource "aws_ecr_repository" "app" {
  name = @hcl:repository@
@if movable
  # What a tag names never changes, but for the tags that say what an environment runs.
  image_tag_mutability = "IMMUTABLE_WITH_EXCLUSION"
@block:movable_hcl@
@end

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

# What an environment's tag names is served, and stays. Every release has a tag of its own, too: the newest of those are
# what can be rolled back to.
resource "aws_ecr_lifecycle_policy" "app" {
  repository = aws_ecr_repository.app.name
  policy     = <<-JSON
    @block:lifecycle@
  JSON
}

@end
@if github
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.make_github_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "ci" {
  name                 = @hcl:ci_name@
  max_session_duration = 3600
  assume_role_policy   = <<-JSON
    @block:ci_trust@
  JSON
}

resource "aws_iam_role_policy" "ci" {
  name   = "deploy"
  role   = aws_iam_role.ci.id
  policy = <<-JSON
    @block:ci_policy@
  JSON
}

output "ci_role" {
  description = "For the input aws-role of the action."
  value       = aws_iam_role.ci.arn
}

@end
@if !github
# For CI elsewhere; make its access key by hand, so that it is in no file and no state.
resource "aws_iam_user" "ci" {
  name = @hcl:ci_name@
}

# Beside the user, who may have 2048 characters of policies within.
resource "aws_iam_policy" "ci" {
  name   = @hcl:ci_name@
  policy = <<-JSON
    @block:ci_policy@
  JSON
}

resource "aws_iam_user_policy_attachment" "ci" {
  user       = aws_iam_user.ci.name
  policy_arn = aws_iam_policy.ci.arn
}

@end
resource "aws_iam_role" "instance" {
  name               = @hcl:role_name@
  assume_role_policy = <<-JSON
    @block:instance_trust@
  JSON
}

resource "aws_iam_role_policy" "instance" {
  name   = "run"
  role   = aws_iam_role.instance.id
  policy = <<-JSON
    @block:instance_policy@
  JSON
}

resource "aws_iam_instance_profile" "instance" {
  name = @hcl:role_name@
  role = aws_iam_role.instance.name
}

# In the default network. Nobody can log in: commands and logs go through Systems Manager.
resource "aws_security_group" "app" {
  name_prefix = @hcl:group_prefix@
  description = @hcl:description@

  ingress {
    description = "the app"
    protocol    = "tcp"
    from_port   = @text:port@
    to_port     = @text:port@
    cidr_blocks = var.clients
  }

  egress {
    description = "registry, secrets, Systems Manager, and what the app asks"
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "app" {
  ami                    = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.instance_type
  iam_instance_profile   = aws_iam_instance_profile.instance.name
  vpc_security_group_ids = [aws_security_group.app.id]

  # Powering off stops it: the disk stays, and hours end.
  instance_initiated_shutdown_behavior = "stop"
@if hibernate
  hibernation                          = true
@end
@if burstable

  # Without surplus credits, which are billed beside the hours.
  credit_specification {
    cpu_credits = "standard"
  }
@end

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # Containers are one hop away: the role is not theirs.
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.disk_gigabytes
    encrypted             = true
    delete_on_termination = true
  }

  tags = {
    Name                     = @hcl:name@
    "git-deploy:app"         = @hcl:app@
    "git-deploy:environment" = @hcl:environment@
  }

  user_data = <<SCRIPT
@hclblock:user_data@
SCRIPT

  # A newer image, or newer units (`git deploy boot --install` brings those), make no new instance.
  lifecycle {
    ignore_changes = [ami, user_data]
  }
}

@if idle_periods
# Behind the idle timer on the instance, should that fail.
resource "aws_cloudwatch_metric_alarm" "idle" {
  alarm_name          = @hcl:idle_name@
  alarm_description   = "stops the instance when it has had nothing to do for long"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { InstanceId = aws_instance.app.id }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = @text:idle_periods@
  threshold           = 2
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = ["arn:${data.aws_partition.current.partition}:automate:@text:region@:ec2:stop"]
}

@end
@if uptime_periods
# Behind the uptime timer on the instance, should that fail.
resource "aws_cloudwatch_metric_alarm" "uptime" {
  alarm_name          = @hcl:uptime_name@
  alarm_description   = "stops the instance when it has run for long"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { InstanceId = aws_instance.app.id }
  statistic           = "SampleCount"
  period              = 3600
  evaluation_periods  = @text:uptime_periods@
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = ["arn:${data.aws_partition.current.partition}:automate:@text:region@:ec2:stop"]
}

@end
@if budget
# A second guard, of all that the account costs. It is told of a few times a day and stops nothing.
resource "aws_budgets_budget" "month" {
  name         = @hcl:name@
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "@text:stop_usd@"
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = var.budget_mail == "" ? [] : [var.budget_mail]
    content {
      notification_type          = "ACTUAL"
      comparison_operator        = "GREATER_THAN"
      threshold_type             = "ABSOLUTE_VALUE"
      threshold                  = @text:warn_usd@
      subscriber_email_addresses = [notification.value]
    }
  }
}

@end
output "instance_id" {
  value = aws_instance.app.id
}

output "url" {
  description = "While it runs; after every start it may be another one."
  value       = "http://${aws_instance.app.public_dns}:@text:port@/"
}
