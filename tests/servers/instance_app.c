/*
 * The app of the test of instances: answers on port 8501 with how it was called and the SHA-256 of its secret.
 * Built statically, so that it is an image almost alone.
 *
 * usage: app ok|sick|crash <version> [<word>...]
 */
#include <arpa/inet.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void end(int signal_number)
{
	_exit(signal_number == SIGTERM ? 0 : 1);
}

static void print_hash(FILE *out, const char *name)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	const char *value = getenv(name);
	fprintf(out, "%s ", name);
	if (value) {
		SHA256((const unsigned char *)value, strlen(value), hash);
		for (size_t i = 0; i < sizeof(hash); i++)
			fprintf(out, "%02x", hash[i]);
	}
	fputc('\n', out);
}

static void answer(int connection, int argc, char **argv)
{
	char request[1024] = "";
	FILE *out = fdopen(connection, "w");
	if (read(connection, request, sizeof(request) - 1) < 0 || !out)
		_exit(1);
	int sick = !strcmp(argv[1], "sick") && !strncmp(request, "GET /healthz ", 13);
	if (!strncmp(request, "GET /slow ", 10))
		sleep(4);
	fprintf(out, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n", sick ? "503 Sick" : "200 OK");
	for (int i = 2; i < argc; i++)
		fprintf(out, "word %s\n", argv[i]);
	print_hash(out, "OPENAI_API_KEY");
	print_hash(out, "PASSWORD");
	fprintf(out, "user %d\n", (int)getuid());
	fclose(out);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8501) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	signal(SIGTERM, end);
	signal(SIGCHLD, SIG_IGN);
	if (argc < 3 || !strcmp(argv[1], "crash")) {
		fprintf(stderr, "the app crashes, as it was told\n");
		return 3;
	}
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 128))
		return 1;
	printf("the app %s is here\n", argv[2]);
	fflush(stdout);
	for (;;) {
		int connection = accept(listener, NULL, NULL);
		if (connection < 0)
			continue;
		if (!fork())
			answer(connection, argc, argv);
		close(connection);
	}
}
