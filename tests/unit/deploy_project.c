/* What is found out about an app, and the file that is written of it. */
#include "git_fixture.h"

#include "base/text.h"
#include "deploy/config.h"
#include "deploy/project.h"
#include "deploy/project_parts.h"

static char *directory, *path;

static int make_repository(void **state)
{
	(void)state;
	fixture_environment();
	directory = fixture_directory();
	path = fixture_repository(directory, "My_App.v2", "sha1");
	return 0;
}

static int remove_repository(void **state)
{
	(void)state;
	free(path);
	fixture_remove(directory);
	return 0;
}

static struct error *detect(struct project *p)
{
	struct repo *repo;
	struct oid tree = { "" };
	git(path, "add", "-A", NULL);
	char *id = git_says(path, "write-tree", NULL);
	memcpy(tree.hex, id, strlen(id) + 1);
	assert_success(repo_open(&repo, path));
	struct error *err = project_detect(p, repo, &tree);
	repo_free(repo);
	free(id);
	return err;
}

/* "streamlit app.py 8501 /_stcore/health python:3.12-slim: streamlit run app.py ..." */
static void assert_detected(const char *expected)
{
	struct project p;
	struct buffer said = BUFFER_INIT, file = BUFFER_INIT;
	struct deploy_config config;
	assert_success(detect(&p));
	buffer_addf(&said, "%s %s %u %s %s:", p.kind, p.entry ? p.entry : p.dockerfile, p.port, p.health,
		    p.base ? p.base : "-");
	for (size_t i = 0; i < p.nr_command; i++)
		buffer_addf(&said, " %s", p.command[i]);
	assert_string_equal(said.data, expected);
	/* What is written can be read, and says the same. */
	project_write(&file, &p, "r.example.org/app", "eu-west-1");
	assert_success(deploy_config_parse(&config, slice_of(&file), ".deploy.yml"));
	assert_int_equal(config.port, p.port);
	assert_string_equal(config.health, p.health);
	assert_int_equal(config.nr_command, p.nr_command);
	for (size_t i = 0; i < p.nr_command; i++)
		assert_string_equal(config.command[i], p.command[i]);
	assert_int_equal(config.nr_secrets, p.nr_secrets);
	assert_int_equal(config.nr_environment, p.nr_environment);
	assert_string_equal(config.environments[0].region, "eu-west-1");
	deploy_config_release(&config);
	project_release(&p);
	buffer_release(&said);
	buffer_release(&file);
}

static void test_a_streamlit_app(void **state)
{
	(void)state;
	put_file(path, "app.py", "import streamlit as st\nst.title('x')\n");
	put_file(path, "pages/1_main.py", "import streamlit\n");
	put_file(path, "requirements.txt", "streamlit\n");
	assert_detected("streamlit app.py 8501 /_stcore/health python:3.12-slim: streamlit run app.py "
			"--server.port=8501 "
			"--server.address=0.0.0.0 --server.headless=true --browser.gatherUsageStats=false");
	put_file(path, ".streamlit/config.toml", "[server]\nport = 8600\nbaseUrlPath = \"demo\"\n");
	put_file(path, ".python-version", "3.11.4\n");
	assert_detected("streamlit app.py 8600 /demo/_stcore/health python:3.11-slim: streamlit run app.py "
			"--server.port=8600 "
			"--server.address=0.0.0.0 --server.headless=true --browser.gatherUsageStats=false");
}

static void test_a_gradio_app_listens_for_others(void **state)
{
	struct project p;
	(void)state;
	put_file(path, "demo.py", "import gradio as gr\ngr.Interface(print).launch()\n");
	put_file(path, "requirements.txt", "gradio\n");
	assert_detected("gradio demo.py 7860 / python:3.12-slim: python demo.py");
	assert_success(detect(&p));
	assert_string_equal(p.environment[0].name, "GRADIO_SERVER_NAME");
	assert_string_equal(p.environment[0].value, "0.0.0.0");
	project_release(&p);
}

static void test_a_fastapi_app_with_a_route_for_its_health(void **state)
{
	(void)state;
	put_file(path, "src/api/main.py",
		 "from fastapi import FastAPI\nservice = FastAPI()\n@service.get(\"/healthz\")\n"
		 "def h(): return 1\n");
	put_file(path, "src/api/routes.py", "from fastapi import APIRouter\nrouter = APIRouter()\n");
	put_file(path, "tests/test_main.py", "from fastapi import FastAPI\napp = FastAPI()\n");
	put_file(
		path, "pyproject.toml",
		"[project]\nrequires-python = \">=3.10,<3.12\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n");
	assert_detected("fastapi src/api/main.py 8000 /healthz python:3.11-slim: uvicorn "
			"src.api.main:service --host=0.0.0.0 "
			"--port=8000");
}

static void test_flask_with_and_without_a_server(void **state)
{
	(void)state;
	put_file(path, "wsgi.py", "from flask import Flask\napp = Flask(__name__)\n");
	put_file(path, "requirements.txt", "flask\n");
	assert_detected(
		"flask wsgi.py 8000 / python:3.12-slim: flask --app wsgi run --host=0.0.0.0 --port=8000");
	put_file(path, "requirements.txt", "flask\ngunicorn>=20\n");
	assert_detected("flask wsgi.py 8000 / python:3.12-slim: gunicorn --bind=0.0.0.0:8000 --workers=2 "
			"--access-logfile=- "
			"wsgi:app");
}

static void test_django(void **state)
{
	(void)state;
	put_file(path, "manage.py",
		 "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
		 "from django.core.management import execute_from_command_line\n");
	put_file(path, "requirements.txt", "Django>=5\ngunicorn\n");
	assert_detected("django manage.py 8000 / python:3.12-slim: gunicorn --bind=0.0.0.0:8000 --workers=2 "
			"--access-logfile=- shop.wsgi:application");
}

static void test_dash(void **state)
{
	(void)state;
	put_file(path, "app.py", "from dash import Dash\napp = Dash(__name__)\n");
	put_file(path, "requirements.txt", "dash\ngunicorn\n");
	assert_detected("dash app.py 8050 / python:3.12-slim: gunicorn --bind=0.0.0.0:8050 --workers=2 "
			"--access-logfile=- "
			"app:app.server");
}

static void test_node(void **state)
{
	(void)state;
	put_file(path, "package.json",
		 "{\"scripts\": {\"start\": \"node server.js\"}, \"engines\": {\"node\": \">=20\"}}");
	put_file(path, "server.js",
		 "const port = process.env.PORT || 4000\nconst key = process.env.STRIPE_SECRET_KEY\n");
	assert_detected("node npm start 4000 / node:20-slim: npm start");
}

static void test_static_pages(void **state)
{
	(void)state;
	put_file(path, "public/index.html", "<h1>x</h1>");
	assert_detected(
		"static public/index.html 8080 / busybox:1.37: busybox httpd -f -p 8080 -h /app/public");
}

static void test_a_dockerfile_goes_first(void **state)
{
	(void)state;
	put_file(path, "app.py", "import streamlit\n");
	put_file(path, "Dockerfile",
		 "FROM x\nEXPOSE 5000/tcp\nHEALTHCHECK CMD curl -f http://localhost:5000/up || exit 1\n");
	assert_detected("dockerfile Dockerfile 5000 /up -:");
}

static void test_a_procfile_says_how_it_is_started(void **state)
{
	(void)state;
	put_file(path, "app.py", "from flask import Flask\napp = Flask(__name__)\n");
	put_file(path, "requirements.txt", "flask\ngunicorn\n");
	put_file(path, "Procfile", "worker: x\nweb: gunicorn app:app --bind 0.0.0.0:$PORT\n");
	assert_detected("flask app.py 8000 / python:3.12-slim: gunicorn app:app --bind 0.0.0.0:8000");
	put_file(path, "Procfile", "web: sh -c 'rm -rf / && gunicorn app:app'\n");
	assert_detected("flask app.py 8000 / python:3.12-slim: gunicorn --bind=0.0.0.0:8000 --workers=2 "
			"--access-logfile=- "
			"app:app");
}

static void test_a_procfile_alone_is_enough(void **state)
{
	(void)state;
	put_file(path, "serve.py", "import http.server\n");
	put_file(path, "Procfile", "web: python serve.py --port=$PORT\n");
	assert_detected("procfile Procfile 8080 / python:3.12-slim: python serve.py --port=8080");
}

static void test_what_cannot_be_told_is_said(void **state)
{
	struct project p;
	(void)state;
	put_file(path, "main.c", "int main(void) { return 0; }\n");
	assert_error(detect(&p), ERROR_UNSUPPORTED);
	put_file(path, "tool.py", "import argparse\n");
	assert_error(detect(&p), ERROR_UNSUPPORTED);
}

static void test_the_name_is_fit_for_a_registry(void **state)
{
	struct project p;
	(void)state;
	put_file(path, "index.html", "x");
	assert_success(detect(&p));
	assert_string_equal(p.app, "my-app-v2");
	project_release(&p);
	git(path, "config", "remote.origin.url", "git@git.example.org:ada/Web_Demo.git", NULL);
	assert_success(detect(&p));
	assert_string_equal(p.app, "web-demo");
	project_release(&p);
}

static void test_secrets_are_found_by_the_names_that_code_asks_for(void **state)
{
	struct project p;
	struct buffer file = BUFFER_INIT;
	(void)state;
	put_file(path, "requirements.txt", "streamlit\n");
	put_file(path, "app.py",
		 "import os\nimport streamlit as st\na = os.environ['OPENAI_API_KEY']\n"
		 "b = os.getenv(\"MODEL\", 'x')\nc = os.environ.get('DB_PASSWORD')\n"
		 "d = st.secrets[\"HF_TOKEN\"]\ne = os.environ['LD_PRELOAD_KEY']\nf = "
		 "os.environ['TOKENIZERS_PARALLELISM']\n");
	put_file(path, "tests/t.py", "import os\nos.environ['TEST_API_KEY']\n");
	assert_success(detect(&p));
	assert_int_equal(p.nr_secrets, 3);
	assert_string_equal(p.secrets[0], "OPENAI_API_KEY");
	assert_string_equal(p.secrets[1], "DB_PASSWORD");
	assert_string_equal(p.secrets[2], "HF_TOKEN");
	assert_int_equal(p.nr_variables, 3);
	project_write(&file, &p, NULL, NULL);
	assert_non_null(strstr(file.data, "\n  # LD_PRELOAD_KEY TOKENIZERS_PARALLELISM MODEL\n"));
	buffer_release(&file);
	project_release(&p);
}

/* -- lists of packages ---------------------------------------------------------------------------------- */

static void add_pins(struct buffer *out, int nr)
{
	for (int i = 0; i < nr; i++)
		buffer_addf(out, "package%d==1.%d\n", i, i);
}

static void assert_frozen(const char *text, const char *why)
{
	char *found = project_frozen(slice_of_string(text));
	if (why)
		assert_string_equal(found, why);
	else
		assert_null(found);
	free(found);
}

static void test_dumps_are_told_from_lists(void **state)
{
	struct buffer many = BUFFER_INIT;
	(void)state;
	add_pins(&many, 200);
	assert_frozen(many.data, "it pins 200 packages and says of none why it is needed");
	buffer_addstr(&many, "    # via flask\n");
	assert_frozen(many.data, NULL); /* of pip-compile */
	assert_frozen("numpy==1.26\nx @ file:///home/conda/feedstock_root/x\n",
		      "1 of its 2 packages are paths on the machine it was made on (@ file://)");
	assert_frozen("numpy=1.26.4=py311h64a7726_0\n", "it is a list of conda's, which pip cannot read");
	assert_frozen("streamlit==1.40\npandas>=2\n-r more.txt\n# numpy\n", NULL);
	assert_frozen("", NULL);
	buffer_release(&many);
}

static void test_a_curated_list_goes_before_a_dump(void **state)
{
	struct project p;
	struct buffer many = BUFFER_INIT;
	(void)state;
	add_pins(&many, 200);
	put_file(path, "app.py", "import streamlit\nimport PIL\nimport os\nimport helpers\n");
	put_file(path, "helpers.py", "import requests\n");
	put_file(path, "requirements_large.txt", many.data);
	struct error *err = detect(&p);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_true(starts_with(err->message, "requirements_large.txt: it pins 200 packages"));
	assert_string_equal(
		err->hint,
		"write a requirements.txt of what the app imports itself: streamlit, pillow, requests");
	error_free(err);
	put_file(path, "requirements.txt", "streamlit\npillow\nlightgbm>=4\n");
	assert_success(detect(&p));
	assert_string_equal(p.dependencies, "requirements.txt");
	assert_string_equal(
		p.notes[0],
		"requirements_large.txt: it pins 200 packages and says of none why it is needed: passed "
		"over for requirements.txt");
	assert_int_equal(p.nr_packages, 1);
	assert_string_equal(p.packages[0], "libgomp1");
	project_release(&p);
	put_file(path, "requirements.txt", many.data);
	remove_file(path, "requirements_large.txt");
	assert_error(detect(&p), ERROR_UNSUPPORTED);
	buffer_release(&many);
}

static void test_an_app_without_a_list_is_told_what_it_imports(void **state)
{
	struct project p;
	(void)state;
	put_file(path, "app.py", "import streamlit\nimport sklearn\nimport json\n");
	struct error *err = detect(&p);
	assert_non_null(err);
	assert_string_equal(
		err->message,
		"app.py needs packages, and there is no requirements.txt or pyproject.toml that names "
		"them");
	assert_string_equal(err->hint,
			    "write a requirements.txt of what the app imports: streamlit, scikit-learn");
	error_free(err);
}

/* Names of files and their contents are written into a file of YAML. */
static void test_hostile_names_do_not_break_the_file(void **state)
{
	struct project p = { 0 };
	struct buffer file = BUFFER_INIT;
	(void)state;
	put_file(path, "requirements.txt", "streamlit\n");
	put_file(path, "a: [b\n#'\"$(x).py", "import streamlit\n");
	assert_error(detect(&p), ERROR_UNSUPPORTED); /* not started by that */
	put_file(path, "app.py", "import streamlit\n");
	assert_success(detect(&p));
	free(p.entry);
	p.entry = xstrdup("x\nport: 1");
	project_note(&p, "%s", "y\nport: 2");
	project_write(&file, &p, NULL, NULL);
	assert_null(strstr(file.data, "\nport: 1"));
	assert_null(strstr(file.data, "\nport: 2"));
	project_release(&p);
	buffer_release(&file);
}

#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, make_repository, remove_repository)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REPOSITORY(test_a_streamlit_app),
		WITH_REPOSITORY(test_a_gradio_app_listens_for_others),
		WITH_REPOSITORY(test_a_fastapi_app_with_a_route_for_its_health),
		WITH_REPOSITORY(test_flask_with_and_without_a_server),
		WITH_REPOSITORY(test_django),
		WITH_REPOSITORY(test_dash),
		WITH_REPOSITORY(test_node),
		WITH_REPOSITORY(test_static_pages),
		WITH_REPOSITORY(test_a_dockerfile_goes_first),
		WITH_REPOSITORY(test_a_procfile_says_how_it_is_started),
		WITH_REPOSITORY(test_a_procfile_alone_is_enough),
		WITH_REPOSITORY(test_what_cannot_be_told_is_said),
		WITH_REPOSITORY(test_the_name_is_fit_for_a_registry),
		WITH_REPOSITORY(test_secrets_are_found_by_the_names_that_code_asks_for),
		cmocka_unit_test(test_dumps_are_told_from_lists),
		WITH_REPOSITORY(test_a_curated_list_goes_before_a_dump),
		WITH_REPOSITORY(test_an_app_without_a_list_is_told_what_it_imports),
		WITH_REPOSITORY(test_hostile_names_do_not_break_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
