// Package run is what every program of the demo shares: its log, its servers' start and graceful end, and its waiting.
package run

import (
	"log/slog"
	"os"
)

// StartLog makes JSON lines on stdout the process's log, each with the program's name and, in a pod, the pod's.
// One program writes for people instead of a log: certs, whose stdout is data; its log goes to stderr.
func StartLog(program string) {
	out := os.Stdout
	if program == "certs" {
		out = os.Stderr
	}
	log := slog.New(slog.NewJSONHandler(out, nil)).With("program", program)
	if pod := os.Getenv("POD_NAME"); pod != "" {
		log = log.With("pod", pod)
	}
	slog.SetDefault(log)
}

// Log is the process's log.
func Log() *slog.Logger { return slog.Default() }
