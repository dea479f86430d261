package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A fleet is the fixed population of fake objects. Each object follows from its index alone, so two clusters of the same
// size hold the same objects, and a larger cluster holds those of a smaller one and more.
type fleet struct {
	nodes int
	// taint keeps pods that were not made for fake nodes off them; for clusters that have a real node too.
	taint bool
}

const (
	fleetNamespaces = 60
	fleetApps       = 500
	// simulatedLabel marks everything that the generator made.
	simulatedLabel = "quarterdeck.dev/simulated"
)

// epoch is the moment that all generated times refer to.
var epoch = time.Date(2026, time.January, 15, 9, 0, 0, 0, time.UTC)

var (
	teams     = []string{"payments", "search", "identity", "catalog", "checkout", "billing", "media", "growth", "platform", "risk"}
	nouns     = []string{"api", "worker", "gateway", "cache", "indexer", "scheduler", "web", "stream", "relay", "ledger"}
	stages    = []string{"prod", "staging", "dev", "canary", "load", "demo"}
	zones     = []string{"zone-a", "zone-b", "zone-c"}
	alphabet  = "bcdfghjklmnpqrstvwxz2456789"
	fleetSeed = uint64(0x51_75_61_72_74_65_72)
)

// app is one of the applications whose replicas the pods are.
type app struct {
	index             int
	name, namespace   string
	team, hash, image string
	version           string
}

func namespaceName(i int) string {
	return fmt.Sprintf("%s-%s", teams[i%len(teams)], stages[i/len(teams)%len(stages)])
}

func appOf(i int) app {
	random := randomOf("app", i)
	team := teams[i%len(teams)]
	name := fmt.Sprintf("%s-%03d", nouns[i/len(teams)%len(nouns)], i)
	version := fmt.Sprintf("%d.%d.%d", 1+random.IntN(4), random.IntN(20), random.IntN(30))
	return app{
		index: i, name: name, namespace: namespaceName(i % fleetNamespaces), team: team,
		hash: suffix(random, 10), version: version,
		image: fmt.Sprintf("images.invalid/%s/%s:%s", team, name, version),
	}
}

func (a app) labels() map[string]string {
	return map[string]string{
		"app": a.name, "app.kubernetes.io/name": a.name, "app.kubernetes.io/part-of": a.team,
		"app.kubernetes.io/version": a.version, "team": a.team, simulatedLabel: "true",
	}
}

func (a app) podLabels() map[string]string {
	labels := a.labels()
	labels["pod-template-hash"] = a.hash
	return labels
}

func nodeName(i int) string { return fmt.Sprintf("sim-%04d", i) }

// randomOf is the source of chance of one object.
func randomOf(kind string, i int) *rand.Rand {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(kind))
	return rand.New(rand.NewPCG(fleetSeed^hash.Sum64(), uint64(i)))
}

func uid(kind string, i int) types.UID {
	random := randomOf("uid/"+kind, i)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

func suffix(random *rand.Rand, length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = alphabet[random.IntN(len(alphabet))]
	}
	return string(text)
}

func before(d time.Duration) metav1.Time { return metav1.NewTime(epoch.Add(-d)) }

func hours(random *rand.Rand, most int) time.Duration {
	return time.Duration(random.IntN(most*3600)+60) * time.Second
}
