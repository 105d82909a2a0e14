using Plume.Cli.Experiments;

Console.Write(ExperimentSchema.Text);
return 0;
