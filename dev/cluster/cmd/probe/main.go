// Command probe is what a pod runs when the cluster itself is under test.
//
//	probe serve ADDRESS     answers every request with the name of its host, and logs it
//	probe get URL           prints the body
//	probe resolve NAME      prints the addresses
//	probe write FILE TEXT   and probe read FILE
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	arguments := append(os.Args[1:], "", "", "")
	if err := run(arguments[0], arguments[1], arguments[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(command, one, two string) error {
	switch command {
	case "serve":
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		return http.ListenAndServe(one, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Println(r.Method, r.URL.Path, r.RemoteAddr)
			fmt.Fprintln(w, host)
		}))
	case "get":
		client := http.Client{Timeout: 5 * time.Second}
		reply, err := client.Get(one)
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		_, err = io.Copy(os.Stdout, reply.Body)
		return err
	case "resolve":
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		addresses, err := net.DefaultResolver.LookupHost(ctx, one)
		if err != nil {
			return err
		}
		fmt.Println(strings.Join(addresses, " "))
		return nil
	case "write":
		return os.WriteFile(one, []byte(two), 0o644)
	case "read":
		text, err := os.ReadFile(one)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
		return nil
	default:
		return fmt.Errorf("usage: probe serve|get|resolve|write|read …")
	}
}
