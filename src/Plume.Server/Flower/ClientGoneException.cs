namespace Plume.Server.Flower;

/// <summary>
/// A Flower client's stream has ended, however it did. A type of its own, so that no storage's error is taken for it.
/// </summary>
sealed class ClientGoneException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A Flower client has not answered in time; its answer can still be taken later.</summary>
sealed class AnswerLateException(Exception inner) : Exception("The client did not answer in time.", inner);
