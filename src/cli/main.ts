import project from '../../package.json' with { type: 'json' };

process.stdout.write(`tacos ${project.version}\n`);
