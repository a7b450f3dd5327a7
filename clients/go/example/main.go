// Prints every migration with its state: example tcp://127.0.0.1:8788
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"truss"
	migrationv1 "truss/migration/v1"
)

func main() {
	client, err := truss.Open(append(os.Args, "tcp://127.0.0.1:8788")[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	status, err := client.GetStatus(ctx, &migrationv1.GetStatusRequest{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, migration := range status.Migrations {
		fmt.Println(migration.State, migration.Name)
	}
}
