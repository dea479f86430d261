// Command tools is what the development cluster needs beside Kubernetes itself: certificates, many fake objects, a
// simulation of nodes, a provisioner of local volumes, what enforces network policies, and the client-go peer of the benchmarks.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

var commands = map[string]func(ctx context.Context, args []string) error{
	"pki":       pki,
	"seed":      seed,
	"churn":     churn,
	"fill":      fill,
	"simulate":  simulate,
	"provision": provision,
	"policies":  policies,
	"informer":  informer,
	"wait":      waitFor,
}

func main() {
	var run func(context.Context, []string) error
	if len(os.Args) > 1 {
		run = commands[os.Args[1]]
	}
	if run == nil {
		names := make([]string, 0, len(commands))
		for name := range commands {
			names = append(names, name)
		}
		slices.Sort(names)
		fmt.Fprintf(os.Stderr, "usage: tools COMMAND [FLAGS], where COMMAND is one of %s\n", strings.Join(names, ", "))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
