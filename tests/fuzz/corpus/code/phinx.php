phinx.php
<?php return ['paths' => ['migrations' => __DIR__ . '/db'], 'environments' => ['default_migration_table' => 'a' . 'b']]; # c
