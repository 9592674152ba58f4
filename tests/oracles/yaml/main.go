// What kubectl's reader makes of YAML files: the document splitter of
// k8s.io/apimachinery and the decoder of sigs.k8s.io/yaml, as kubectl puts them
// together, without a cluster.
//
// The arguments are files, each given a name: NAME=PATH. On standard output
// stands one JSON object: for each name either the documents, in order, those
// that are null left out as kubectl leaves them out, or the error.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	splitter "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type answer struct {
	Documents []json.RawMessage `json:"documents,omitempty"`
	Error     string            `json:"error,omitempty"`
}

func main() {
	answers := map[string]answer{}
	for _, argument := range os.Args[1:] {
		name, path, found := strings.Cut(argument, "=")
		if !found {
			fail(fmt.Errorf("%s is not NAME=PATH", argument))
		}
		text, err := os.ReadFile(path)
		if err != nil {
			fail(err)
		}
		answers[name] = ask(text)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(answers); err != nil {
		fail(err)
	}
}

func ask(text []byte) answer {
	var result answer
	reader := splitter.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return result
		}
		if err != nil {
			return answer{Error: err.Error()}
		}
		converted, err := convert(document)
		if err != nil {
			return answer{Error: err.Error()}
		}
		if !bytes.Equal(converted, []byte("null")) {
			result.Documents = append(result.Documents, converted)
		}
	}
}

// The decoder panics on a few texts, where kubectl ends with a stack trace.
func convert(document []byte) (converted []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return yaml.YAMLToJSON(document)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
