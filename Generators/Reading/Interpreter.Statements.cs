using System.Collections;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Values;
using FocalNet.Graph;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace FocalNet.Generators.Reading;

/// <summary>Statements.</summary>
internal sealed partial class Interpreter
{
    /// <summary>How a statement ends.</summary>
    private enum Flow
    {
        Next,
        Break,
        Continue,
        Return,
    }

    private Flow Execute(IOperation statement, Frame frame)
    {
        switch (statement)
        {
            case IBlockOperation block:
                return ExecuteAll(block.Operations, frame);
            case IExpressionStatementOperation expression:
                Evaluate(expression.Operation, frame);
                return Flow.Next;
            case IVariableDeclarationGroupOperation group:
                foreach (IVariableDeclarationOperation declaration in group.Declarations)
                {
                    foreach (IVariableDeclaratorOperation declarator in declaration.Declarators)
                        Declare(declarator, declaration, frame);
                }
                return Flow.Next;
            case IConditionalOperation condition:
                if (IsTrue(condition.Condition, frame))
                    return Execute(condition.WhenTrue, frame);
                return condition.WhenFalse is null ? Flow.Next : Execute(condition.WhenFalse, frame);
            case IForLoopOperation loop:
                return ExecuteFor(loop, frame);
            case IForEachLoopOperation loop:
                return ExecuteForEach(loop, frame);
            case IWhileLoopOperation loop:
                return ExecuteWhile(loop, frame);
            case ISwitchOperation choice:
                return ExecuteSwitch(choice, frame);
            case IReturnOperation { Kind: OperationKind.Return } result:
                if (result.ReturnedValue is not null)
                    frame.Result = Copy(Evaluate(result.ReturnedValue, frame));
                return Flow.Return;
            case IBranchOperation { BranchKind: BranchKind.Break }:
                return Flow.Break;
            case IBranchOperation { BranchKind: BranchKind.Continue }:
                return Flow.Continue;
            case IThrowOperation or IEmptyOperation or ILocalFunctionOperation:
                if (statement is IThrowOperation)
                    Evaluate(statement, frame);
                return Flow.Next;
            default:
                throw UnsupportedStatement(statement);
        }
    }

    private Flow ExecuteAll(IEnumerable<IOperation> statements, Frame frame)
    {
        foreach (IOperation statement in statements)
        {
            Flow flow = Execute(statement, frame);
            if (flow != Flow.Next)
                return flow;
        }
        return Flow.Next;
    }

    private ReadingException UnsupportedStatement(IOperation statement) => statement switch
    {
        IReturnOperation => Unsupported(statement.Syntax, "an iterator method ('yield')", "fill a List<T> and return it"),
        IBranchOperation or ILabeledOperation => Unsupported(statement.Syntax, "a 'goto' or label", "use a loop, 'break' or 'continue'"),
        ITryOperation => Unsupported(statement.Syntax, "a 'try' statement", "let the exception go: it becomes a compile error"),
        IUsingOperation or IUsingDeclarationOperation =>
            Unsupported(statement.Syntax, "a 'using' statement", "declarations hold nothing that must be disposed of"),
        ILockOperation => Unsupported(statement.Syntax, "a 'lock' statement", "declarations run on one thread"),
        IInvalidOperation => NotCompiled(statement.Syntax),
        _ => Unsupported(statement.Syntax, $"a statement of kind {statement.Kind}", "write it with plain statements"),
    };

    private ReadingException NotCompiled(SyntaxNode place) =>
        Unsupported(place, $"'{OriginText.Of(place)}' has compile errors, or uses what a generator makes", "correct it, or write it out in this project");

    private void Declare(IVariableDeclaratorOperation declarator, IVariableDeclarationOperation? declaration, Frame frame)
    {
        if (declarator.Symbol.IsRef)
            throw Unsupported(declarator.Syntax, "a 'ref' local", "use the variable or element itself");
        IVariableInitializerOperation? initializer = declarator.Initializer ?? declaration?.Initializer;
        object? value = initializer is null
            ? declarator.Symbol.Type.IsValueType ? Default(declarator.Symbol.Type, frame) : null
            : Copy(Evaluate(initializer.Value, frame));
        frame.Declare(declarator.Symbol, new Cell(value));
    }

    private bool IsTrue(IOperation condition, Frame frame) => Evaluate(condition, frame) is true;

    private Flow ExecuteFor(IForLoopOperation loop, Frame frame)
    {
        ExecuteAll(loop.Before, frame);
        while (loop.Condition is null || IsTrue(loop.Condition, frame))
        {
            Step(loop.Syntax);
            Flow flow = Execute(loop.Body, frame);
            if (flow == Flow.Break)
                break;
            if (flow == Flow.Return)
                return flow;
            ExecuteAll(loop.AtLoopBottom, frame);
        }
        return Flow.Next;
    }

    private Flow ExecuteWhile(IWhileLoopOperation loop, Frame frame)
    {
        if (loop.ConditionIsTop && !IsTrue(loop.Condition!, frame))
            return Flow.Next;
        do
        {
            Step(loop.Syntax);
            Flow flow = Execute(loop.Body, frame);
            if (flow == Flow.Break)
                break;
            if (flow == Flow.Return)
                return flow;
        }
        while (IsTrue(loop.Condition!, frame));
        return Flow.Next;
    }

    private Flow ExecuteForEach(IForEachLoopOperation loop, Frame frame)
    {
        if (loop.IsAsynchronous)
            throw Unsupported(loop.Syntax, "'await foreach'", "declarations run synchronously");
        object collection = Evaluate(loop.Collection, frame) ?? throw NullReference(loop.Collection.Syntax);
        if (collection is not IEnumerable items)
            throw Unsupported(loop.Collection.Syntax, "'foreach' over a type that is no collection of .NET", "loop over an array or a List<T>");
        IEnumerator enumerator = items.GetEnumerator();
        while (Guarded(enumerator.MoveNext, loop.Collection.Syntax))
        {
            Step(loop.Syntax);
            DeclareLoopVariable(loop, enumerator.Current, frame);
            Flow flow = Execute(loop.Body, frame);
            if (flow == Flow.Break)
                break;
            if (flow == Flow.Return)
                return flow;
        }
        return Flow.Next;
    }

    private void DeclareLoopVariable(IForEachLoopOperation loop, object? item, Frame frame)
    {
        if (loop.LoopControlVariable is IVariableDeclaratorOperation declarator)
            frame.Declare(declarator.Symbol, new Cell(Copy(Adapt(item, frame.Types.Close(declarator.Symbol.Type)))));
        else
            Deconstruct(loop.LoopControlVariable, item, frame);
    }

    /// <summary>Advances a lazy query, whose errors belong to the collection's expression.</summary>
    private T Guarded<T>(Func<T> call, SyntaxNode place)
    {
        try
        {
            return call();
        }
        catch (Exception error) when (error is not (ReadingException or OperationCanceledException))
        {
            throw Translate(error, place);
        }
    }

    private Flow ExecuteSwitch(ISwitchOperation choice, Frame frame)
    {
        object? value = Evaluate(choice.Value, frame);
        ISwitchCaseOperation? chosen =
            choice.Cases.FirstOrDefault(c => c.Clauses.Any(clause => Applies(clause, value, frame)))
            ?? choice.Cases.FirstOrDefault(c => c.Clauses.Any(clause => clause.CaseKind == CaseKind.Default));
        if (chosen is null)
            return Flow.Next;
        Flow flow = ExecuteAll(chosen.Body, frame);
        return flow == Flow.Break ? Flow.Next : flow;
    }

    private bool Applies(ICaseClauseOperation clause, object? value, Frame frame) => clause switch
    {
        ISingleValueCaseClauseOperation single => Equals(value, Evaluate(single.Value, frame)),
        IPatternCaseClauseOperation pattern =>
            Matches(pattern.Pattern, value, frame) && (pattern.Guard is null || IsTrue(pattern.Guard, frame)),
        IDefaultCaseClauseOperation => false,
        _ => throw Unsupported(clause.Syntax, $"a case of kind {clause.CaseKind}", "use a constant or a pattern"),
    };

    private object? Throw(IThrowOperation operation, Frame frame)
    {
        object? thrown = operation.Exception is null ? null : Evaluate(operation.Exception, frame);
        (string type, string message) = thrown switch
        {
            Exception error => (error.GetType().Name, error.Message),
            Instance instance => (instance.Type.Name, instance.ExceptionMessage ?? ""),
            _ => (nameof(NullReferenceException), "null is thrown."),
        };
        throw thrown is GraphException
            ? Fail(Descriptors.GraphError, operation.Syntax, message)
            : Fail(Descriptors.ExceptionThrown, operation.Syntax, $"{type}: {message}");
    }
}
