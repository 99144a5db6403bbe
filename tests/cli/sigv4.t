#!/bin/sh
# Signed requests to a mock of AWS that recomputes every signature with botocore and checks permissions, and
# signatures compared with botocore's own. What is signed and sent is done by tests/tools/sigv4-request,
# with the library's signer, credentials and transport.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server moto-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
tool=$SCRUTINY_BUILD/tests/tools/sigv4-request
[ -x "$tool" ] || {
	echo "Bail out! $tool is not built: use \`make check-cli\`"
	exit 1
}
start_server moto-start
plan 28

export AWS_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true

# ask SERVICE METHOD PATH [BODY [HEADER...]]: sets $out to the status and the answer.
ask () {
	service=$1 method=$2 path=$3
	shift 3
	run "$tool" "$service" "$method" "$address$path" "$@"
}
json='Content-Type: application/x-amz-json-1.1'
form='Content-Type: application/x-www-form-urlencoded'

# -- four requests that need no permission: a user with keys, and a role it may assume --------------------

export AWS_ACCESS_KEY_ID=AKIDNOBODY AWS_SECRET_ACCESS_KEY=nothing
may_all='%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D'
trusts='%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22%2A%22%7D%7D%5D%7D'
iam () {
	ask iam POST / "Version=2010-05-08&$1" "$form"
}
iam 'Action=CreateUser&UserName=tester'
iam "Action=PutUserPolicy&UserName=tester&PolicyName=all&PolicyDocument=$may_all"
iam "Action=CreateRole&RoleName=reviewer&AssumeRolePolicyDocument=$trusts"
iam 'Action=CreateAccessKey&UserName=tester'
key=$(printf '%s\n' "$out" | sed -n 's,.*<AccessKeyId>\(.*\)</AccessKeyId>.*,\1,p')
secret=$(printf '%s\n' "$out" | sed -n 's,.*<SecretAccessKey>\(.*\)</SecretAccessKey>.*,\1,p')

# -- from here on every signature is checked ----------------------------------------------------------------

accepted () {
	is "$(printf '%s\n' "$out" | sed -n 1p)" "$1" "$2"
}
AWS_ACCESS_KEY_ID=$key
ask s3 PUT /papers
accepted 403 'a wrong secret is refused'
like "$out" SignatureDoesNotMatch 'for the signature it makes'
AWS_SECRET_ACCESS_KEY=$secret
ask sts POST / 'Action=GetCallerIdentity&Version=2011-06-15' "$form"
accepted 200 'STS says who we are'
like "$out" 'user/tester' 'and we are the user of these keys'
iam "Action=PutRolePolicy&RoleName=reviewer&PolicyName=all&PolicyDocument=$may_all"
accepted 200 'IAM: a form in the body'

# -- S3: paths as they are, queries in any order --------------------------------------------------------------

ask s3 PUT /papers '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>' \
	'Content-Type: application/xml'
accepted 200 'S3: a bucket'
for object in plain.txt a%20b%2Bc.txt 2026/%E8%AB%96%E6%96%87%20%C3%BC.pdf v1%3A0%3D%26%7E%21%27%28%29%2A; do
	ask s3 PUT "/papers/$object" "content of $object" 'Content-Type: text/plain'
	accepted 200 "S3: $object is written"
	ask s3 GET "/papers/$object"
	is "$out" "200
content of $object" 'and read'
done
ask s3 GET '/papers?prefix=2026%2F&list-type=2&delimiter=%2F&encoding-type=url'
accepted 200 'S3: a query that is not sorted'
ask s3 POST '/papers/large.bin?uploads'
accepted 200 'S3: a parameter without a value'
like "$out" '<UploadId>' 'and the upload begins'

# -- other services -----------------------------------------------------------------------------------------

ask sqs POST / '{"QueueName":"reviews"}' 'Content-Type: application/x-amz-json-1.0' \
	'X-Amz-Target: AmazonSQS.CreateQueue'
accepted 200 'SQS'
ask ssm POST / '{"Name":"/a b/ü","Value":"v","Type":"String"}' "$json" 'X-Amz-Target: AmazonSSM.PutParameter'
accepted 200 'SSM: a body that is not ASCII'
ask ecr POST / '{}' "$json" 'X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken'
accepted 200 'ECR'

# The mock has no models to ask: what does not exist is not found, after the signature was checked. (The hash
# keeps the mock from taking what it found in the path for a body.)
nothing='X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
ask bedrock GET '/model-customization-jobs/job-v1%3A0' '' "$nothing"
like "$out" ResourceNotFoundException 'Bedrock: an id with a colon'
ask bedrock GET '/custom-models/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Acustom-model%2Fx.y%3A0' '' "$nothing"
like "$out" 'custom-model/x.y:0 not found' 'Bedrock: an ARN with a slash'

# -- temporary credentials --------------------------------------------------------------------------------------

mkdir "$HOME/.aws"
cat >"$HOME/.aws/config" <<'END'
[profile reviewer]
role_arn = arn:aws:iam::123456789012:role/reviewer
source_profile = tester
END
cat >"$HOME/.aws/credentials" <<END
[tester]
aws_access_key_id = $key
aws_secret_access_key = $secret
END
export AWS_PROFILE=reviewer AWS_ENDPOINT_URL="$address"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
ask sts POST / 'Action=GetCallerIdentity&Version=2011-06-15' "$form"
like "$out" 'assumed-role/reviewer/git-scrutiny' 'a role is assumed with the keys of a profile'
ask s3 GET /papers/a%20b%2Bc.txt
accepted 200 'and its session token is accepted'

# A web identity is shown without a signature, which the mock takes only when it checks none.
ask s3 POST /moto-api/reset-auth 100 'Content-Type: text/plain'
echo eyJhbGciOiJub25lIn0.e30. >"$HOME/token"
export AWS_WEB_IDENTITY_TOKEN_FILE="$HOME/token" AWS_ROLE_ARN=arn:aws:iam::123456789012:role/reviewer
unset AWS_PROFILE
ask sts POST / 'Action=GetCallerIdentity&Version=2011-06-15' "$form"
like "$out" 'assumed-role/reviewer/git-scrutiny' 'a web identity becomes a role'
unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN

# -- the same signatures as botocore's, for requests that nobody would think of -------------------------------------

unset AWS_ENDPOINT_URL
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalr/K7MDENG+b AWS_SESSION_TOKEN=to/k+en==
export SIGV4_DATE=1440938160
botocore () {
	"$SCRUTINY_BUILD/moto/bin/python" "$source_tree/tests/servers/botocore_sign.py" "$@"
}
botocore requests "${SEED:=1}" 500 >requests
"$tool" - <requests >ours
botocore sign <requests >theirs
is "$(wc -l <ours | tr -d ' ')" 500 "500 requests are signed (SEED=$SEED)"
run cmp ours theirs
is "$status$out$err" 0 'with the signatures of botocore'
grep '^s3' requests | cut -f 1-4 >requests.s3
SIGV4_EXPIRES=600 "$tool" - <requests.s3 | sed 's/.*X-Amz-Signature=//' >ours
SIGV4_EXPIRES=600 botocore presign <requests.s3 >theirs
run cmp ours theirs
is "$status$out$err" 0 'and so are URLs'
