main.go
package main
import "github.com/pressly/goose/v3"
const table = "v"
func main() { goose.SetTableName(table); goose.SetTableName("x"); postgres.WithInstance(db, &postgres.Config{MigrationsTable: "m"}) }
