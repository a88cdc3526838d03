// What tests run in pods of the real cluster: it shows that it runs, and looks at the cluster from inside.
//
//	probe run [FILE]       serves its host name on :8080 and writes the time, in ms, into FILE five times a second
//	probe resolve NAME     prints the addresses, one a line, sorted
//	probe get URL          prints the body
//	probe api PATH         asks the API server by its Service, with the pod's own token; prints status and body
//	probe write FILE TEXT  and probe read FILE
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"strings"
	"syscall"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	command, args := "run", []string{}
	if len(os.Args) > 1 {
		command, args = os.Args[1], os.Args[2:]
	}
	if err := perform(command, append(args, "", "")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func perform(command string, args []string) error {
	switch command {
	case "run":
		return serve(args[0])
	case "resolve":
		return show(resolve(args[0]))
	case "get":
		return show(get(&http.Client{Timeout: 5 * time.Second}, args[0], ""))
	case "api":
		return show(api(args[0]))
	case "write":
		return os.WriteFile(args[0], []byte(args[1]), 0o644)
	case "read":
		content, err := os.ReadFile(args[0])
		return show(string(content), err)
	}
	return fmt.Errorf("there is no command %q", command)
}

func show(text string, err error) error {
	if err == nil {
		fmt.Println(text)
	}
	return err
}

func serve(file string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	fmt.Println("started", name)
	go func() {
		for file != "" {
			now := fmt.Sprintf("%s %d\n", name, time.Now().UnixMilli())
			if err := replace(file, now); err != nil {
				fmt.Println(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	failed := make(chan error, 1)
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, name) })
	go func() { failed <- http.ListenAndServe(":8080", nil) }()
	select {
	case <-stop:
		return nil
	case err := <-failed:
		return err
	}
}

// Whoever reads sees the old text or the new one, never a part.
func replace(file, text string) error {
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func resolve(name string) (string, error) {
	addresses, err := net.LookupHost(name)
	sort.Strings(addresses)
	return strings.Join(addresses, "\n"), err
}

func get(client *http.Client, url, token string) (string, error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if token != "" {
		return fmt.Sprintf("%d %s", answer.StatusCode, body), err
	}
	return string(body), err
}

func api(path string) (string, error) {
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return "", err
	}
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return "", err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	client := &http.Client{Timeout: 5 * time.Second, Transport: transport}
	return get(client, "https://kubernetes.default.svc.cluster.local"+path, string(token))
}
