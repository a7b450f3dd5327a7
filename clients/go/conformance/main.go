// Speaks for this client in tests/clients/test_conformance.py: see there for the lines.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"truss"
	branchv1 "truss/branch/v1"
	migrationv1 "truss/migration/v1"
)

func fail(err error) {
	var told *truss.Error
	if !errors.As(err, &told) {
		panic(err)
	}
	or := func(word string) string {
		if word == "" {
			return "-"
		}
		return word
	}
	fmt.Println("error", told.Code, or(told.Reason), or(told.SQLState), told.Message)
}

func say(verb string, message proto.Message) {
	bytes, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	fmt.Println(verb, hex.EncodeToString(bytes))
}

func call(client *truss.Client, words []string) {
	ctx := context.Background()
	if words[1] != "-" {
		ms, _ := strconv.Atoi(words[1])
		limited, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	if words[2] != "-" {
		ctx = truss.WithKey(ctx, words[2])
	}
	name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(words[0], "connection."), "branch."), "backup.")
	if strings.HasPrefix(name, "sql.") {
		name = "SQL" + strings.TrimPrefix(name, "sql.")
	}
	method := reflect.ValueOf(client).MethodByName(name)
	request := reflect.New(method.Type().In(1).Elem())
	payload, _ := hex.DecodeString(append(words, "")[3])
	if err := proto.Unmarshal(payload, request.Interface().(proto.Message)); err != nil {
		panic(err)
	}
	result := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	if err, _ := result[1].Interface().(error); err != nil {
		fail(err)
		return
	}
	say("reply", result[0].Interface().(proto.Message))
}

func makeBranch(client *truss.Client, words []string) {
	request := &branchv1.CreateBranchRequest{}
	payload, _ := hex.DecodeString(append(words, "")[0])
	if err := proto.Unmarshal(payload, request); err != nil {
		panic(err)
	}
	branch, err := client.MakeBranch(context.Background(), request, func(event *branchv1.BranchEvent) { say("event", event) })
	if err != nil {
		fail(err)
		return
	}
	say("reply", branch)
}

func main() {
	client, err := truss.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer client.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Split(lines.Text(), " ")
		if words[0] == "call" {
			call(client, words[1:])
		} else if words[0] == "make" {
			makeBranch(client, words[1:])
		} else if _, err := client.Watch(context.Background(), words[1], 0, func(event *migrationv1.Event) error {
			say("event", event)
			return nil
		}); err != nil {
			fail(err)
		} else {
			fmt.Println("end")
		}
	}
}
