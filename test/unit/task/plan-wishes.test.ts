import { describe, expect, it } from 'vitest';
import { asksForNewTests, asksForTests, planWishes, withoutWishes } from '../../../src/task/plan-wishes.js';

const asked = [
  'build it with tests',
  'Build an app that never loses data and has unit tests',
  'Do not forget the tests, and build an app',
  'Build an app that does not crash and write tests',
  "Build a todo app and don't forget tests",
  "build a parser, please don't skip the tests",
  'Never leave out the tests. Build a todo app.',
  'Build a todo app, not without tests',
  'Build a todo app. Do not ship it without tests.',
  'no code without tests, please: build a todo app',
  'Build an app that does not need a login or a database, with tests',
  'Build an app with no dependencies and with tests',
  'Build an app without a database, and add tests',
  'Build a tool that works without internet and comes with unit tests',
  'Build a game that is not too hard, with tests',
  'write not only the code but tests too',
  'Not just an app: tests as well',
  'no e2e tests, but unit tests',
  'Build a todo app; no docs, but tests',
  'Build a todo app, no docs, write tests',
  'Build a cache that never blocks and test it thoroughly',
  'Write a todo app, fully tested',
  'Build a todo app and have it tested',
  'Tests please. Build a todo app.',
  'Build an app with 80% coverage',
  'build an exam app for students, with unit tests',
  'build a review site, with tests',
  'Erstelle ein Programm mit Tests',
  'Baue eine App, die nie abstürzt und Tests hat',
  'Vergiss die Tests nicht und baue eine App',
  'Baue eine App und vergiss nicht, Tests zu schreiben',
  'Baue eine App ohne Datenbank, aber mit Tests',
  'Bau ein Programm, nicht ohne Tests',
  'Schreib ein Programm mit Unittests',
  'Crée une application avec des tests unitaires',
  "N'oublie pas les tests et crée une application",
  'Crée une application sans base de données mais avec des tests',
  'Crea una aplicación con pruebas unitarias',
  'Crea una aplicación que no falle y con pruebas',
  'Crea una aplicación y no olvides las pruebas',
  "Crea un'applicazione con test unitari",
  'Crea un programma e non dimenticare i test',
  'Crie um aplicativo com testes',
  'Crie um aplicativo e não se esqueça dos testes',
  'Bouw een app met tests',
  'Bouw een app en vergeet de tests niet',
  '用Python写一个命令行待办事项应用，带测试',
  '写一个待办事项程序，并编写单元测试',
  '写一个不联网的程序，带测试',
  '写一个程序，别忘了写测试',
  'コマンドラインのTODOアプリを作って、テストも書いて',
  '할 일 앱을 만들어줘, 테스트도 작성해줘',
  'Напиши приложение для задач с тестами',
  'Напиши приложение и не забудь тесты',
];

const refused = [
  'build it without tests',
  'Build a todo app, no tests please',
  'Build a todo app without any tests',
  'Build a todo app without automated tests',
  "build it, don't write any tests, but review it",
  'Build a todo app. I do not need tests.',
  "build a todo app, I don't want you to write tests",
  'Build a todo app, no need for tests',
  'Build a todo app and skip the tests',
  'Build a todo app but leave the tests out',
  'Build a todo app, leave out tests',
  'Build a todo app without docs or tests',
  'Build a todo app, no docs, tests or reviews',
  'Build a todo app with no docs and tests',
  'build a todo app; tests are not needed',
  "build a todo app, tests aren't necessary",
  'Build a todo app. Tests can wait.',
  "Build an app, tests aren't important, skip them",
  'Build a quiz app. No tests are needed but please review the code.',
  'Build an app, please do not write tests or docs, I will test it myself',
  'Build a todo app. Never mind docs, and do not bother with tests.',
  'Baue eine App ohne Tests',
  'Baue eine App und schreibe keine Tests',
  'Baue eine App, Tests sind nicht nötig',
  'Baue eine App, Tests brauche ich nicht.',
  'Crée une application sans tests',
  "Crée une application, n'écris pas de tests",
  'Crea una aplicación sin pruebas',
  'Crea una aplicación, no escribas pruebas',
  'Crea un programma senza test',
  'Crie um aplicativo sem testes',
  'Bouw een app zonder tests',
  'Bouw een app, schrijf geen tests',
  '写一个待办程序，不要写测试',
  '写一个待办程序，不需要测试',
  'TODOアプリを作って、テストは不要',
  'Напиши приложение без тестов',
];

const silent = [
  'build it',
  'website with user reviews',
  'exam app with tests for students and teachers',
  'Build an app for driving tests',
  'Build a program that tests whether a number is prime',
  'Build a tool to test REST APIs',
  'Build a test runner',
  'Build an app where users can test their knowledge',
  'Build a page for test results',
  'Build a blood test tracker',
  'Refactor the parser but do not touch the tests',
  'Build the importer as in tests/fixtures/import.md',
  'show the latest contest results',
];

describe('the wish for tests', () => {
  it.each(asked)('is there in: %s', (text) => expect(planWishes(text).tests).toBe('asked'));
  it.each(refused)('is refused in: %s', (text) => expect(planWishes(text).tests).toBe('refused'));
  it.each(silent)('is not spoken of in: %s', (text) => expect(planWishes(text).tests).toBeNull());

  it('is for new tests, or for those that are there', () => {
    for (const text of asked.filter((each) => !/tested|test it|coverage/.test(each))) {
      expect([text, asksForNewTests(text)]).toEqual([text, true]);
    }
    for (const text of [...refused, ...silent]) expect([text, asksForTests(text)]).toEqual([text, false]);
    for (const text of [
      'Fix the bug so that all tests pass',
      'Fix the failing unit test',
      'make the tests pass',
      'fix it and run the unit tests',
    ]) {
      expect([text, asksForNewTests(text), asksForTests(text)]).toEqual([text, false, true]);
    }
  });

  it('is found wherever it stands in a long request, and at once', () => {
    const long = `Build a todo app.\n${'It keeps each item with a date, a note and a colour.\n'.repeat(1_200)}`;
    expect(planWishes(`${long}Do not forget unit tests.`).tests).toBe('asked');
    const started = performance.now();
    for (const text of [
      'not '.repeat(16_000),
      'no docs, tests or '.repeat(3_500),
      `${'a'.repeat(64_000)} tests`,
      '不要'.repeat(30_000),
      '```'.repeat(20_000),
    ]) {
      planWishes(text);
      withoutWishes(text);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('is not what code in the request says', () => {
    expect(planWishes('Complete this.\n"""Counts test cases.\nAdd more tests."""').tests).toBeNull();
    expect(planWishes('Build it.\n```\nwrite tests\n```').tests).toBeNull();
  });
});

describe('the wish for a review', () => {
  it.each([
    ['build it, with a review', 'asked'],
    ['build an app with tests and reviews', 'asked'],
    ['build an app, then review it', 'asked'],
    ['implement it, tested and reviewed', 'asked'],
    ['build an app, do not forget the code review', 'asked'],
    ['Baue eine App mit Tests und Review', 'asked'],
    ['写一个程序，并做代码审查', 'asked'],
    ['build it, no review', 'refused'],
    ['build it without tests or a review', 'refused'],
    ['build it, do not review it', 'refused'],
    ['Baue eine App ohne Review', 'refused'],
    ['website with user reviews', null],
    ['a shop with products, carts and reviews', null],
    ['build a movie review app', null],
    ['an app where users can review products', null],
    ['a page with ratings and reviews', null],
    ['Build a blog with comments, likes and reviews, with tests', null],
    ['Baue eine App mit Tests, aber ohne Review', 'refused'],
  ])('is read in %j', (text, review) => expect(planWishes(text).review).toBe(review));
});

describe('a request without its wishes', () => {
  it.each([
    ['Build a todo app, with tests', 'Build a todo app'],
    ['Build me a habit tracker for the terminal with tests and a review', 'Build me a habit tracker for the terminal'],
    ['Make a library system, saved as JSON. With tests please.', 'Make a library system, saved as JSON.'],
    ['create a password generator tool with unit tests', 'create a password generator tool'],
    ['Build a todo app without tests', 'Build a todo app'],
    ['Build an app that never loses data and has unit tests', 'Build an app that never loses data'],
    ['Do not forget the tests, and build an app', 'build an app'],
    ['Build an app that does not crash and write tests', 'Build an app that does not crash'],
    ['Build an app with tests for it that stores notes', 'Build an app that stores notes'],
    ['Build a todo app with tests in Python', 'Build a todo app in Python'],
    ['build an inventory system in Python, tested and reviewed', 'build an inventory system in Python'],
    ['build a todo app, then review it', 'build a todo app'],
    ['Build a CLI for water; unit tests required', 'Build a CLI for water'],
    ['Baue eine App mit Tests, aber ohne Review', 'Baue eine App'],
    ['Build an app. No tests are needed but review the code.', 'Build an app.'],
    ['Build an app, tests optional', 'Build an app, tests optional'],
    ['website with user reviews', 'website with user reviews'],
    ['exam app with tests for students and teachers', 'exam app with tests for students and teachers'],
    ['Erstelle ein Programm für Todos mit Tests', 'Erstelle ein Programm für Todos'],
    ['Vergiss die Tests nicht und baue eine App', 'baue eine App'],
    ['Crée une application avec des tests unitaires', 'Crée une application'],
    ["N'oublie pas les tests et crée une application", 'crée une application'],
    ['Crea una aplicación con pruebas unitarias', 'Crea una aplicación'],
    ['Crie um aplicativo com testes', 'Crie um aplicativo'],
    ['Bouw een todo-app in Python met tests', 'Bouw een todo-app in Python'],
    ['用Python写一个命令行待办事项应用，带测试', '用Python写一个命令行待办事项应用'],
  ])('of %j', (text, rest) => expect(withoutWishes(text)).toBe(rest));

  it('keeps what is said about the tests', () => {
    const text = 'Build a calculator with tests for addition and division';
    expect(withoutWishes(text)).toBe(text);
  });

  it('keeps the lines of a list', () => {
    expect(withoutWishes('Build an app that\n- adds items\n- lists items,   with tests')).toBe(
      'Build an app that\n- adds items\n- lists items',
    );
  });
});
