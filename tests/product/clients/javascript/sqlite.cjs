// Gives joplin its database: sqlite3, which it asks for, has to be compiled; sql.js is the same SQLite for every machine.
// Loaded before joplin with `node --require`. It keeps the database in memory and writes it when the program ends.
const fs = require('node:fs')
const Module = require('node:module')
// It lies where it was installed, which is the working directory.
const initialise = Module.createRequire(`${process.cwd()}/`)('sql.js')

// As much of the class of this name in sqlite3 as joplin calls.
class Database {
    constructor(path, mode, done) {
        initialise().then((sql) => {
            this.database = new sql.Database(fs.existsSync(path) ? fs.readFileSync(path) : undefined)
            process.on('exit', () => this.save(path))
            done(null)
        }, done)
    }

    save(path) {
        try {
            this.database.exec('ROLLBACK')
        } catch {
            // No transaction was open.
        }
        fs.writeFileSync(path, this.database.export())
    }

    rows(sql, values) {
        const statement = this.database.prepare(sql)
        try {
            statement.bind(Object.values(values).map((value) => value ?? null))
            const rows = []
            while (statement.step()) rows.push(statement.getAsObject())
            return rows
        } finally {
            statement.free()
        }
    }

    all(sql, values, done) {
        try {
            setImmediate(done, null, this.rows(sql, values))
        } catch (error) {
            setImmediate(done, error)
        }
    }

    get(sql, values, done) {
        this.all(sql, values, (error, rows) => done(error, rows?.[0]))
    }

    run(sql, values, done) {
        this.all(sql, values, (error) => done(error))
    }

    loadExtension(path, done) {
        setImmediate(done, new Error('no extension can be loaded'))
    }

    close(done) {
        setImmediate(done, null)
    }
}

const sqlite3 = { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4, verbose: () => sqlite3 }
const load = Module._load
Module._load = function (name, ...others) {
    return name === 'sqlite3' ? sqlite3 : load.call(this, name, ...others)
}
