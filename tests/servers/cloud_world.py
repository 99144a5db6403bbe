"""Makes the account that tests/cli/deploy-cloud.t works in, through boto3, and prints it as shell variables.

usage: cloud_world.py <address of moto> <user>...
"""

import json
import sys

import boto3

REGION = "eu-west-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def client(service, key, secret, region=REGION):
    return boto3.client(
        service, endpoint_url=sys.argv[1], region_name=region, aws_access_key_id=key, aws_secret_access_key=secret
    )


def stopped(ec2, name, kind, **more):
    tags = [{"Key": "Name", "Value": name}, {"Key": "app", "Value": "web-demo"}]
    made = ec2.run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType=kind,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        **more,
    )
    found = made["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[found])
    return found


def main():
    # Of the first calls, which need no permission, there are four.
    iam = client("iam", "AKIDNOBODY", "nothing")
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=json.dumps(ALL))
    keys = iam.create_access_key(UserName="admin")["AccessKey"]
    iam.get_user(UserName="admin")

    iam = client("iam", keys["AccessKeyId"], keys["SecretAccessKey"])
    iam.create_role(RoleName="web-demo-instance", AssumeRolePolicyDocument=json.dumps(TRUST))
    profile = iam.create_instance_profile(InstanceProfileName="web-demo-instance")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName="web-demo-instance", RoleName="web-demo-instance")
    role = {"IamInstanceProfile": {"Arn": profile["Arn"]}}
    for user in sys.argv[2:]:
        iam.create_user(UserName=user)
        made = iam.create_access_key(UserName=user)["AccessKey"]
        print(f"key_{user}='{made['AccessKeyId']}' secret_{user}='{made['SecretAccessKey']}'")

    near = client("ec2", keys["AccessKeyId"], keys["SecretAccessKey"])
    far = client("ec2", keys["AccessKeyId"], keys["SecretAccessKey"], "us-east-1")
    made = {
        "web": stopped(near, "web-demo", "t3.medium", **role),
        "gpu": stopped(near, "gpu-demo", "g5.xlarge", **role),
        "nap": stopped(near, "nap-demo", "t3.medium", HibernationOptions={"Configured": True}),
        "odd": stopped(near, "odd-demo", "u-24tb1.metal"),
        "far": stopped(far, "far-demo", "t3.medium"),
    }
    keys = (keys["AccessKeyId"], keys["SecretAccessKey"])
    client("ssm", *keys).put_parameter(Name="/web-demo/openai", Value="sk-parameter", Type="SecureString")
    client("secretsmanager", *keys).create_secret(Name="web-demo/db", SecretString='{"password": "secret"}')
    client("secretsmanager", *keys).create_secret(Name="others/db", SecretString="secret")
    for name, value in made.items():
        print(f"{name}='{value}'")


main()
