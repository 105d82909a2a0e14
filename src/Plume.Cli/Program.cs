return Plume.Cli.Commands.PlumeCommand.Run(args);
