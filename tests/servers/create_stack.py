"""Makes a stack of a template with moto, and prints what became of its resources.

usage: create_stack.py TEMPLATE
"""

import os
import sys
import warnings

os.environ.update(AWS_ACCESS_KEY_ID="AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY="secret")
warnings.simplefilter("ignore")

import boto3  # noqa: E402
from moto import mock_aws  # noqa: E402

REGION = "eu-central-1"


def ec2(name):
    return boto3.client(name, region_name=REGION)


with open(sys.argv[1], encoding="utf-8") as file:
    # moto looks for the image of an instance nowhere but in the instance.
    template = file.read().replace(
        "      InstanceType: !Ref InstanceType\n",
        "      ImageId: ami-12c6146b\n      InstanceType: !Ref InstanceType\n",
    )

with mock_aws():
    stacks = ec2("cloudformation")
    stacks.create_stack(StackName="test", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    print(stacks.describe_stacks(StackName="test")["Stacks"][0]["StackStatus"])
    for reservation in ec2("ec2").describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
            print("instance", instance["InstanceType"], tags["Name"])
    for group in ec2("ec2").describe_security_groups()["SecurityGroups"]:
        for rule in group["IpPermissions"]:
            if group["GroupName"] != "default":
                print("lets in", rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
    for repository in ec2("ecr").describe_repositories()["repositories"]:
        print("repository", repository["repositoryName"])
    for role in ec2("iam").list_roles()["Roles"]:
        print("role", role["RoleName"])
