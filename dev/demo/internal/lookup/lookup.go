// Package lookup asks the cluster's DNS for names, some of which exist, over and over.
package lookup

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"demo/internal/run"
)

// Main looks the names up until it is told to stop. Names that must exist are the arguments.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("lookup", flag.ContinueOnError)
	every := flags.Duration("every", 5*time.Second, "pause between two rounds")
	absent := flags.String("absent", "retired.shop.svc.cluster.local", "a name that must not exist")
	if err := flags.Parse(args); err != nil {
		return err
	}
	resolver := &net.Resolver{PreferGo: true}
	for run.Sleep(ctx, *every) {
		for _, name := range flags.Args() {
			addresses, err := find(ctx, resolver, name)
			if err != nil {
				run.Log().Warn("name not found", "name", name, "error", err.Error())
				continue
			}
			run.Log().Info("name found", "name", name, "addresses", addresses)
		}
		if err := mustBeAbsent(ctx, resolver, *absent); err != nil {
			run.Log().Warn("unexpected answer", "name", *absent, "error", err.Error())
		} else {
			run.Log().Info("name does not exist, as it should be", "name", *absent)
		}
	}
	return nil
}

func find(ctx context.Context, resolver *net.Resolver, name string) ([]string, error) {
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return resolver.LookupHost(limited, name)
}

func mustBeAbsent(ctx context.Context, resolver *net.Resolver, name string) error {
	addresses, err := find(ctx, resolver, name)
	var answer *net.DNSError
	switch {
	case err == nil:
		return fmt.Errorf("it resolves to %v", addresses)
	case errors.As(err, &answer) && answer.IsNotFound:
		return nil
	default:
		return err
	}
}
