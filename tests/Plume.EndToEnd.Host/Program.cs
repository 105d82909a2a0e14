using Plume.EndToEnd.Host;

// Ends with whoever started it, however that one ended: its standard input is theirs.
var arguments = new Arguments(args.Skip(1));
return args.FirstOrDefault() switch
{
    "server" => await ToyServer.RunAsync(arguments),
    "client" => await ToyClients.RunAsync(arguments),
    "operator" => await Operator.RunAsync(arguments),
    _ => throw new ArgumentException("The first argument must be server, client or operator."),
};
