pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Who is watching. A profile with a PIN asks for it; digits come from the keys on the screen or the keyboard.
FocusScope {
    id: root

    required property QtObject profiles
    readonly property bool asking: profiles.state === "pin"
    readonly property bool failed: profiles.state === "error"

    signal leaving()
    signal signOut()

    function enter() {
        if (failed)
            trouble.forceActiveFocus(Qt.OtherFocusReason)
        else if (asking)
            pad.enter()
        else if (people.count > 0)
            people.forceActiveFocus(Qt.OtherFocusReason)
        else
            out.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        if (activeFocus)
            enter()
    }
    function goBack() { asking ? profiles.cancelPin() : leaving() }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Who is watching?")
    onAskingChanged: Qt.callLater(enterAnew)
    onFailedChanged: Qt.callLater(enterAnew)
    Keys.onEscapePressed: goBack()
    Keys.onBackPressed: goBack()
    Keys.onPressed: event => {
        event.accepted = true
        if (asking && event.key >= Qt.Key_0 && event.key <= Qt.Key_9)
            profiles.enterDigit(event.text)
        else if (event.key === Qt.Key_Backspace)
            asking ? profiles.eraseDigit() : goBack()
        else
            event.accepted = false
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    Wordmark { anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.margin } }

    Column {
        anchors.centerIn: parent
        spacing: Theme.margin
        visible: !root.asking && !root.failed
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            text: qsTr("Who is watching?")
            font.pixelSize: Theme.hero
            font.weight: Font.Bold
            Accessible.role: Accessible.Heading
        }
        Spinner {
            anchors.horizontalCenter: parent.horizontalCenter
            visible: root.profiles.state === "loading"
        }
        ListView {
            id: people
            objectName: "people"
            anchors.horizontalCenter: parent.horizontalCenter
            width: Math.min(root.width - 2 * Theme.margin, contentWidth)
            height: Theme.px(190)
            orientation: ListView.Horizontal
            spacing: Theme.wide
            visible: count > 0
            boundsBehavior: Flickable.StopAtBounds
            highlightMoveDuration: Theme.calm
            highlightMoveVelocity: -1
            model: root.profiles.people
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Who is watching?")
            Keys.priority: Keys.AfterItem
            Keys.onLeftPressed: event => event.accepted = true
            Keys.onRightPressed: event => event.accepted = true
            Keys.onDownPressed: out.forceActiveFocus(Qt.OtherFocusReason)
            onCountChanged: Qt.callLater(root.enterAnew)
            delegate: Pressable {
                id: person

                required property int index
                required property string personId
                required name
                required property string letter
                required property string detail
                required property bool locked
                required property bool chosen

                objectName: "person_" + index
                description: locked ? detail + ", " + qsTr("with a PIN") : detail
                ringed: false
                width: Theme.px(128)
                height: Theme.px(180)
                onPressed: {
                    people.currentIndex = index
                    root.profiles.choose(personId)
                }
                FocusRing { target: face; shown: person.activeFocus; corner: face.radius }
                Rectangle {
                    id: face
                    anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.tight }
                    width: Theme.px(104)
                    height: width
                    radius: width / 2
                    color: person.activeFocus || person.hovered ? Theme.raisedHover : Theme.raised
                    border.width: person.chosen ? Theme.focusWidth : 1
                    border.color: person.chosen ? Theme.accent : Theme.line
                    Label {
                        anchors.centerIn: parent
                        text: person.letter
                        color: Theme.accent
                        font.pixelSize: Theme.hero
                        font.weight: Font.DemiBold
                        Accessible.ignored: true
                    }
                    Rectangle {
                        anchors { right: parent.right; bottom: parent.bottom }
                        width: Theme.px(30)
                        height: width
                        radius: width / 2
                        color: Theme.surface
                        visible: person.locked
                        Icon { anchors.centerIn: parent; name: "lock"; size: Theme.px(16); color: Theme.muted }
                    }
                }
                Label {
                    id: called
                    anchors { top: face.bottom; topMargin: Theme.px(12) }
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    text: person.name
                    font.weight: Font.DemiBold
                    Accessible.ignored: true
                }
                Label {
                    anchors { top: called.bottom; topMargin: Theme.tiny }
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    text: person.detail
                    color: Theme.muted
                    font.pixelSize: Theme.small
                    Accessible.ignored: true
                }
            }
        }
        ActionButton {
            id: out
            objectName: "leaveHousehold"
            anchors.horizontalCenter: parent.horizontalCenter
            text: root.profiles.several ? qsTr("Back") : qsTr("Sign out")
            icon: root.profiles.several ? "back" : "sign-out"
            focus: true
            onPressed: root.profiles.several ? root.leaving() : root.signOut()
            Keys.onUpPressed: if (people.count > 0) people.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: event => event.accepted = true
        }
    }

    Column {
        anchors.centerIn: parent
        anchors.verticalCenterOffset: Theme.wide
        spacing: Theme.wide
        visible: root.asking
        enabled: visible
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            text: qsTr("PIN of %1").arg(root.profiles.pinFor)
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Row {
            objectName: "pinDots"
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.px(14)
            Accessible.role: Accessible.StaticText
            Accessible.name: qsTr("%1 digits").arg(root.profiles.pinDigits)
            Repeater {
                model: Math.max(4, root.profiles.pinDigits)
                Rectangle {
                    required property int index
                    width: Theme.px(16)
                    height: width
                    radius: width / 2
                    color: index < root.profiles.pinDigits ? Theme.accent : Theme.clear
                    border.width: 1
                    border.color: Theme.muted
                }
            }
        }
        ScreenKeys {
            id: pad
            anchors.horizontalCenter: parent.horizontalCenter
            letters: "123456789 0"
            columns: 3
            withSpace: false
            onTyped: digit => root.profiles.enterDigit(digit)
            onErased: root.profiles.eraseDigit()
            onPassedDown: pinActions.enter()
        }
        FocusRow {
            id: pinActions
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.gap
            Keys.onUpPressed: pad.enter()
            ActionButton {
                objectName: "submitPin"
                text: qsTr("Watch")
                primary: true
                enabled: root.profiles.pinReady
                onEnabledChanged: if (!enabled && pinActions.activeFocus) pinActions.enter()
                onPressed: root.profiles.submitPin()
            }
            ActionButton {
                objectName: "cancelPin"
                text: qsTr("Back")
                icon: "back"
                onPressed: root.profiles.cancelPin()
            }
        }
    }
    StateMessage {
        id: trouble
        objectName: "profilesTrouble"
        anchors.centerIn: parent
        visible: root.failed
        enabled: visible
        icon: "offline"
        heading: qsTr("The profiles could not be loaded")
        sentence: root.profiles.error
        ActionButton {
            objectName: "retryProfiles"
            text: qsTr("Try again")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.profiles.refresh()
        }
        ActionButton {
            objectName: "troubleSignOut"
            text: qsTr("Sign out")
            icon: "sign-out"
            onPressed: root.signOut()
        }
    }
    NoticeLine {
        objectName: "profilesNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "warning"
        text: root.failed ? "" : root.profiles.error
    }
}
