package jobs

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"demo/internal/run"
)

// Agent logs its node's load and free memory now and then.
func Agent(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("agent", flag.ContinueOnError)
	every := flags.Duration("every", 30*time.Second, "pause between two lines")
	proc := flags.String("proc", "/proc", "where the node's /proc is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for {
		load, free, err := node(*proc)
		if err != nil {
			return err
		}
		run.Log().Info("node", "node", os.Getenv("NODE_NAME"), "load", load, "available", free)
		if !run.Sleep(ctx, *every) {
			return nil
		}
	}
}

// node reads the one-minute load and the available memory, as the kernel prints them.
func node(proc string) (load, available string, err error) {
	text, err := os.ReadFile(proc + "/loadavg")
	if err != nil {
		return "", "", err
	}
	load, _, _ = strings.Cut(string(text), " ")
	text, err = os.ReadFile(proc + "/meminfo")
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "MemAvailable:"); found {
			return load, strings.TrimSpace(rest), nil
		}
	}
	return "", "", fmt.Errorf("%s/meminfo has no MemAvailable", proc)
}
