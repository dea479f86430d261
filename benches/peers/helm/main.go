// Renders a chart with layers of values, as `helm template` does, again and again: seconds of one rendering.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	check(err)
	chart, err := loader.Load(os.Args[2])
	check(err)
	var layers []chartutil.Values
	for _, path := range os.Args[3:] {
		layer, err := chartutil.ReadValuesFile(path)
		check(err)
		layers = append(layers, layer)
	}
	release := chartutil.ReleaseOptions{Name: "w", Namespace: "dev"}
	began := time.Now()
	for range rounds {
		values := map[string]interface{}{}
		// The last layer wins.
		for at := len(layers) - 1; at >= 0; at-- {
			values = chartutil.CoalesceTables(values, layers[at])
		}
		all, err := chartutil.ToRenderValues(chart, values, release, nil)
		check(err)
		_, err = engine.Render(chart, all)
		check(err)
	}
	fmt.Println(time.Since(began).Seconds() / float64(rounds))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
